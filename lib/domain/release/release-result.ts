import { formatImageRef, type ImageRef } from '../images/image-ref.ts';

/** `ignored`: not meant; `skipped`: meant, and left as it is for a reason. */
export type ReleaseStatus = 'success' | 'skipped' | 'ignored' | 'failed';

export interface ContainerUpdate {
  readonly container: string;
  readonly current: ImageRef;
  readonly target: ImageRef;
  /** The target is older than what runs: by version, or by time where the filter goes by time. */
  readonly downgrade?: true;
}

/** What becomes of one workload. */
export interface WorkloadResult {
  readonly status: ReleaseStatus;
  /** Why it is not `success`; with `success` what was left out. */
  readonly error?: string;
  /** The updates of a `success`; of others none. */
  readonly containers: readonly ContainerUpdate[];
}

/** By workload id. */
export type ReleaseResults = ReadonlyMap<string, WorkloadResult>;

/** The words of fluxctl (facts/flux-v1.md §3); programs compare them. */
export const reasons = {
  locked: 'locked',
  ignore: 'ignore',
  notIncluded: 'not included',
  excluded: 'excluded',
  differentImage: 'a different image',
  notRunning: 'not accessible in cluster',
  notInRepository: 'not found in repository',
  imageNotFound: 'cannot find one or more images',
  upToDate: 'image(s) up to date',
  doesNotUseImage: 'does not use image(s)',
  pinned: 'image is pinned by its digest',
  policiesUpToDate: 'no changes made',
} as const;

export function without(status: 'skipped' | 'ignored' | 'failed', error: string): WorkloadResult {
  return { status, error, containers: [] };
}

export function updated(containers: readonly ContainerUpdate[], error?: string): WorkloadResult {
  return { status: 'success', containers, ...(error !== undefined && { error }) };
}

/** Ids of the workloads that change, in order. */
export function changedWorkloads(results: ReleaseResults): readonly string[] {
  return [...results]
    .filter(([, { status }]) => status === 'success')
    .map(([id]) => id)
    .sort();
}

/** The images that workloads get, each once, sorted as text, with the word for those that go down. */
export function changedImages(results: ReleaseResults): readonly string[] {
  const images = new Map<string, string>();
  for (const { status, containers } of results.values()) {
    if (status !== 'success') continue;
    for (const { target, downgrade } of containers) {
      const image = formatImageRef(target);
      if (downgrade) images.set(image, `${image} (downgrade)`);
      else if (!images.has(image)) images.set(image, image);
    }
  }
  return [...images].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, shown]) => shown);
}
