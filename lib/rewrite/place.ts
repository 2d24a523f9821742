import type { ImageRef } from '../domain/images/image-ref.ts';
import type { PolicyUpdate } from '../domain/images/policies.ts';
import type { Manifest } from '../domain/objects/kube-object.ts';
import type { RenderTarget } from '../domain/objects/rendered.ts';
import type { WorkloadId } from '../domain/release/workload-id.ts';
import type { Chosen, RenderParts } from '../render/render.ts';
import type { Texts } from './texts.ts';

/** A path of a target, and what it gives. */
export interface Place {
  readonly target: RenderTarget;
  readonly path: string;
  readonly renderer: Chosen;
  readonly manifests: readonly Manifest[];
}

/** A workload at its place. */
export interface PlacedWorkload {
  readonly place: Place;
  readonly manifest: Manifest;
  readonly id: WorkloadId;
}

/** What is to become of a workload. */
export interface Wish {
  readonly images: ReadonlyMap<string, ImageRef>;
  readonly policies?: PolicyUpdate;
}

export interface RewriteContext {
  /** The checkout: absolute, without links. */
  readonly root: string;
  readonly texts: Texts;
  readonly parts: RenderParts;
  readonly signal: AbortSignal | undefined;
}

/** Makes a wish true in the files that a place is made of. Throws a Failure where that cannot be done. */
export type Rewrite = (workload: PlacedWorkload, wish: Wish, context: RewriteContext) => Promise<void>;
