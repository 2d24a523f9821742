import type { Failure } from '../domain/failure.ts';
import type { ExcludedImage, RegistryImage } from '../domain/images/image-info.ts';
import type { ImageName, ImageRef } from '../domain/images/image-ref.ts';
import type { PolicyUpdate } from '../domain/images/policies.ts';
import type { RenderTarget } from '../domain/objects/rendered.ts';
import type { MarkedValue } from '../domain/release/marked-results.ts';
import type { TargetImages } from '../domain/release/target-images.ts';
import type { SecretRef } from '../domain/settings/secret-ref.ts';
import type { Source } from '../domain/settings/settings.ts';
import type { Checkout } from './ports.ts';

/** What releases need of the world beside what syncs do (ports.ts): to ask registries, to edit a checkout, and to write to git. */

// --- registry -------------------------------------------------------------------------------------------------------

/**
 * Image registries, read only (the OCI distribution API). Names and tags are checked before they go out. Throws a `user` Failure for a name
 * no registry can have and for credentials that are refused, a `missing` one for a repository or host that is not there, a `server` one where
 * nobody answers; its code is `TooManyRequests` if the registry asks to wait for longer than a job can.
 */
export interface Registry extends Disposable {
  /** Every tag of a repository, in the registry's order. */
  tags(name: ImageName, signal?: AbortSignal): Promise<readonly string[]>;
  /** What is under a tag or digest; undefined if there is no such one. */
  image(name: ImageName, reference: string, signal?: AbortSignal): Promise<RegistryImage | ExcludedImage | undefined>;
  /** The digest that a tag names now, of an index if it names one; undefined if there is no such tag. One small request. */
  digest(name: ImageName, tag: string, signal?: AbortSignal): Promise<string | undefined>;
}

// --- git ------------------------------------------------------------------------------------------------------------

/** Writing to git is apart from reading: only what releases holds the credential for it. */
export interface GitWriter {
  /**
   * Commits to the head of a branch and pushes. `change` is called with a checkout of the head, and again with the next head if another
   * writer was faster, up to five times with jitter; it returns undefined if there is nothing to commit. Returns undefined then too, and if
   * what it wrote is there already. A refusal of the server is a `user` Failure with its reason in one line, code `Refused` or `Forbidden`; an
   * unsigned or untrusted head of a source with `verify`, code `NotVerified`; five races lost, a `server` one, code `Moved`.
   */
  commit(request: CommitRequest): Promise<Committed | undefined>;
}

export interface CommitRequest {
  /** url and branch to commit to; `paths` are what `change` reads; `auth` is the credential that may write. */
  readonly source: Source;
  readonly submodules?: boolean;
  /** More files that `change` reads, relative to the repository. */
  readonly files?: readonly string[];
  readonly change: (checkout: Checkout) => Promise<FileChanges | undefined>;
  /** The committer too. */
  readonly author: { readonly name: string; readonly email: string };
  /** ASCII-armoured OpenPGP private key or an SSH private key, without a passphrase; absent = not signed. */
  readonly sign?: SecretRef;
  /** Push to this branch instead, made anew from the head each time, for a pull request. */
  readonly branch?: string;
  readonly signal?: AbortSignal;
}

/** What `change` returns. */
export interface FileChanges {
  /** By path relative to the repository: the whole new text. A file that is not there is added; its folders are made. */
  readonly files: ReadonlyMap<string, string>;
  readonly message: string;
}

export interface Committed {
  readonly commit: string;
  /** The head that it was made from. */
  readonly parent: string;
  /** Where it was pushed. */
  readonly branch: string;
}

// --- forge ----------------------------------------------------------------------------------------------------------

/** Pull requests (merge requests in GitLab's words) at what keeps a repository: GitHub, GitLab, Gitea and Forgejo. */
export interface Forge {
  /**
   * Opens the request to merge `branch` into the source's branch, or updates title and body of the one that is open for these two. A `user`
   * Failure if the source's auth is no token, the forge is another one, or it refuses, with its reason in one line.
   */
  propose(proposal: Proposal): Promise<{ readonly url: string; readonly isNew: boolean }>;
}

export interface Proposal {
  /** url and branch to merge into; `auth` is the credential that may write. */
  readonly source: Source;
  readonly branch: string;
  readonly title: string;
  readonly body: string;
  readonly signal?: AbortSignal;
}

// --- files of a release ---------------------------------------------------------------------------------------------

/** The files of a checkout, as a release changes them. Nothing is committed here. */
export interface Draft {
  /** What git defines, by target; a Failure where a target cannot be rendered. */
  readonly defined: ReadonlyMap<string, TargetImages | Failure>;
  /** Images for containers of one workload, where they are written. Throws a Failure if that cannot be done; then nothing has changed. */
  setImages(target: string, workload: string, images: ReadonlyMap<string, ImageRef>): Promise<void>;
  /** Policies of one workload. Throws as setImages does. */
  setPolicies(target: string, workload: string, update: PolicyUpdate): Promise<void>;
  /** The images of policies of Flux v2, by `namespace:name`, wherever a marker names one. */
  setMarkers(images: ReadonlyMap<string, ImageRef>): Promise<Marked>;
  /** What git would define with the changes: read again from what was written. */
  again(): Promise<ReadonlyMap<string, TargetImages | Failure>>;
  /** Takes every change back. */
  reset(): Promise<void>;
  /** What was changed, by path. */
  readonly files: ReadonlyMap<string, string>;
}

/** What was changed at markers, and why some could not be. */
export interface Marked {
  readonly values: readonly MarkedValue[];
  readonly problems: readonly string[];
}

export interface DraftRequest {
  readonly checkout: Pick<Checkout, 'write'>;
  /** With the namespace of their objects that name none. */
  readonly targets: readonly RenderTarget[];
  readonly signal?: AbortSignal;
}

export type OpenDraft = (request: DraftRequest) => Promise<Draft>;
