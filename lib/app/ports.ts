import type { KubeObject, ResourceKind } from '../domain/objects/kube-object.ts';
import type { CheckoutRequest, Rendered } from '../domain/objects/rendered.ts';
import type { SecretRef } from '../domain/settings/secret-ref.ts';
import type { Source, Target } from '../domain/settings/settings.ts';

/**
 * What the use cases need of the world. One interface for each thing outside; the adapters of a port pass one contract suite.
 * Everything that can fail throws a `Failure`; its messages hold no secret.
 */

// --- store ----------------------------------------------------------------------------------------------------------

/** An item of the store. `partition` and `sort` are its key; `order` is what conditions look at. */
export interface Item {
  readonly partition: string;
  readonly sort: string;
  /** A whole number up to 2^53: a time, a version, whatever the kind of item counts. */
  readonly order: number;
  /** Any JSON value; adapters compress it. At most 300 KB compressed. */
  readonly body: unknown;
  /** Epoch seconds after which the item is no longer there; absent = kept. */
  readonly expiresAt?: number;
}

/** A write happens only if the item is absent, or present with this very order, or absent or of a lower order. */
export type Condition = { readonly absent: true } | { readonly orderIs: number } | { readonly orderBelow: number };

/** Single items with conditional writes; reads are consistent. An expired item counts as absent everywhere. */
export interface Store {
  get(partition: string, sort: string): Promise<Item | undefined>;
  /** True if written, false if the condition did not hold. */
  put(item: Item, condition?: Condition): Promise<boolean>;
  /** True if gone after the call, false if the condition did not hold. */
  delete(partition: string, sort: string, condition?: { readonly orderIs: number }): Promise<boolean>;
  /** Items of one partition by `sort`, ascending unless `descending`; `after` is the `sort` to begin behind. Default limit 100. */
  query(partition: string, options?: QueryOptions): Promise<readonly Item[]>;
}

export interface QueryOptions {
  readonly prefix?: string;
  readonly descending?: boolean;
  readonly limit?: number;
  readonly after?: string;
}

// --- queue ----------------------------------------------------------------------------------------------------------

/** `sync` and `release` are FIFO by group; `check` is a standard queue whose messages may be delayed. */
export type QueueName = 'sync' | 'release' | 'check';

export interface OutgoingMessage {
  /** Any JSON value, at most 200 KB: a job. */
  readonly body: unknown;
  /** FIFO queues: messages of one group are delivered one at a time, in order. Any text; adapters hash it if they must. */
  readonly group?: string;
  /** FIFO queues: a second message with this id in the same group within five minutes is dropped. Any text. */
  readonly deduplicationId?: string;
  /** `check` only: 0 to 900. */
  readonly delaySeconds?: number;
}

export interface Message {
  readonly id: string;
  readonly queue: QueueName;
  readonly body: unknown;
  /** Names this delivery of the message to `extend` and `acknowledge`. */
  readonly receipt: string;
  /** 1 at the first delivery. After the fifth the message goes to the dead letters. */
  readonly receiveCount: number;
}

export interface Queue {
  /** Several at once; an entry that is refused is tried again, then `send` throws a `server` Failure that counts them. */
  send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void>;
  /** Up to `limit` messages (at most 10), waiting up to `waitSeconds` for the first; each is invisible for `visibilitySeconds`. */
  receive(queue: QueueName, options: ReceiveOptions): Promise<readonly Message[]>;
  /** Sets how long the message stays invisible from now. False if it is no longer ours. */
  extend(message: Message, visibilitySeconds: number): Promise<boolean>;
  acknowledge(message: Message): Promise<void>;
  /** Messages that wait, are in flight, and are dead. */
  depth(queue: QueueName): Promise<QueueDepth>;
}

export interface ReceiveOptions {
  readonly limit: number;
  readonly waitSeconds: number;
  readonly visibilitySeconds: number;
  readonly signal?: AbortSignal;
}

export interface QueueDepth {
  readonly waiting: number;
  readonly inFlight: number;
  readonly dead: number;
}

// --- git ------------------------------------------------------------------------------------------------------------

export interface Git {
  /** The commit that the source's branch is at now: 40 hex. A `missing` Failure if there is no such branch. */
  head(source: Source, options?: HeadOptions): Promise<string>;
  /** The source's paths at `commit`. */
  checkout(source: Source, commit: string, options: CheckoutOptions): Promise<Checkout>;
}

export interface HeadOptions {
  /** Epoch milliseconds: what was asked for another target at or after that time will do. Absent: it is asked for now. */
  readonly since?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CheckoutOptions {
  /** `verify: all | first-parent`: the commit up to which history has been verified before. */
  readonly verifiedUpTo?: string;
  readonly submodules: boolean;
  /** Files and folders beside the source's paths that the render reads (a target's `valuesFiles`), relative to the repository. */
  readonly files?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface Checkout extends AsyncDisposable {
  /** Writes the files, unless they are there already; gives the absolute path of the work tree, 0700, removed on dispose. */
  write(): Promise<string>;
  /** What is checked out: the commit asked for or, with `verify`, the last good one before the first bad one (facts/flux-v1.md §1.3). */
  readonly commit: string;
  /** Set when `commit` is not the one asked for: the first commit that did not verify, and why. */
  readonly refused?: { readonly commit: string; readonly reason: string };
  /** Changes exactly when what a render may read (paths, and files above them) changes: ids of the trees. */
  readonly treeId: string;
}

// --- render ---------------------------------------------------------------------------------------------------------

export type Render = (request: CheckoutRequest) => Promise<Rendered>;

// --- cluster --------------------------------------------------------------------------------------------------------

export interface ObjectKey {
  readonly name: string;
  readonly namespace?: string;
}

/**
 * A connection to one API server. Transient answers (429, 502–504, resets, a terminating namespace) are retried inside with backoff
 * and Retry-After. A refusal is a Failure whose `code` is the Status `reason` (`NotFound`, `Forbidden`, `Conflict`, `Invalid`, …);
 * its message is the server's and may hold secret values: redact before it leaves the use case (APPLY §3).
 */
export interface Cluster extends AsyncDisposable {
  /** The same for the same server and account: the key of what is cached about it. */
  readonly id: string;
  /** The namespace of the kubeconfig's context, or `default`. */
  readonly namespace: string;
  /** The kinds of `v1` or `<group>/<version>`; undefined if the server does not serve it. */
  resources(apiVersion: string): Promise<readonly ResourceKind[] | undefined>;
  /** The versions of an API group that the server serves, the preferred one first: `['apps/v1']`; none if there is no such group. */
  versions(group: string): Promise<readonly string[]>;
  /** Asks anew for the kinds of an API version next time: a CRD was applied, or a kind answered 404. */
  forget(apiVersion: string): void;
  /** All objects, paged; metadata only unless `full`. Never from the server's cache. */
  list(kind: ResourceKind, options?: ListOptions): Promise<readonly KubeObject[]>;
  get(kind: ResourceKind, key: ObjectKey, options?: { readonly full?: boolean }): Promise<KubeObject | undefined>;
  /** Server-side apply as manager `sluice`, conflicts taken over (APPLY §2). */
  apply(kind: ResourceKind, object: KubeObject, options?: { readonly dryRun?: boolean }): Promise<KubeObject>;
  create(kind: ResourceKind, object: KubeObject): Promise<KubeObject>;
  /** A full update; `metadata.resourceVersion` is the precondition. */
  replace(kind: ResourceKind, object: KubeObject): Promise<KubeObject>;
  /** RFC 6902. */
  patch(kind: ResourceKind, key: ObjectKey, operations: readonly JsonPatchOperation[]): Promise<KubeObject>;
  /** False if it was gone already. A `Conflict` Failure if uid or resourceVersion differ. Propagation is Background. */
  delete(kind: ResourceKind, key: ObjectKey, options?: DeleteOptions): Promise<boolean>;
}

export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun?: boolean;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly full?: boolean;
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

/**
 * Connects as the target says; nothing is requested yet. A `user` or `missing` Failure names what is wrong with the kubeconfig.
 *
 * @param signal ends what is in flight.
 * @param held asked before every attempt of a write leaves, retries and those that waited for a connection too: a process that was frozen
 *   wakes up in the middle of either. Throws when nothing may be written any more.
 */
export type Connect = (access: Target['cluster'], signal?: AbortSignal, held?: () => void) => Promise<Cluster>;

// --- the rest -------------------------------------------------------------------------------------------------------

/** The value of a secret; a `missing` Failure names the reference, never a value. With `newest` a kept one is not taken: it did not fit. */
export type ReadSecret = (ref: SecretRef, options?: { readonly newest?: boolean }) => Promise<string>;

/** Epoch milliseconds. */
export type Clock = () => number;
