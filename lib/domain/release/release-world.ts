import type { RepositoryImages } from '../images/image-info.ts';
import type { ImageRef } from '../images/image-ref.ts';
import type { Policies } from '../images/policies.ts';

/** A container and its image, in git or in a cluster. */
export interface NamedImage {
  readonly name: string;
  readonly image: ImageRef;
}

/** A workload as git has it. */
export interface DefinedWorkload {
  /** `namespace:kind/name`. */
  readonly id: string;
  readonly policies: Policies;
  readonly containers: readonly NamedImage[];
}

/** The same workload as it runs. */
export interface RunningWorkload {
  readonly containers: readonly NamedImage[];
  /** Of the live object: `ignore` there counts too. */
  readonly policies?: Policies;
}

/** All that a release is decided on. */
export interface ReleaseWorld {
  readonly defined: readonly DefinedWorkload[];
  /** By id. */
  readonly running: ReadonlyMap<string, RunningWorkload>;
  /**
   * What was read of repositories, by canonical name; tags without an image for the platform are left out by who reads. For a release of one
   * named image that tag is enough.
   */
  readonly images: ReadonlyMap<string, RepositoryImages>;
}
