import { Failure } from '../failure.ts';
import { allWorkloads, checkImageSpec, type ImageSpec, latestImages } from './release-spec.ts';
import { formatWorkloadId, parseWorkloadId } from './workload-id.ts';

/** What fluxctl's `release` is called with (facts/flux-v1.md §3). */
export interface ReleaseRequest {
  /** Ids, or `kind/name` in the namespace of the request. */
  readonly workloads: readonly string[];
  readonly all: boolean;
  readonly image?: string;
  readonly allImages: boolean;
  readonly exclude: readonly string[];
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly watch: boolean;
  readonly namespace: string;
}

export interface RequestedRelease {
  readonly spec: ImageSpec;
  /** Only say what would be done. */
  readonly plan: boolean;
  /** What `force` does not do here. */
  readonly warnings: readonly string[];
}

/** The release that is meant. Throws a `user` Failure for a request that contradicts itself or says too little. */
export function readReleaseRequest(request: ReleaseRequest): RequestedRelease {
  const { image, allImages, all, force, namespace } = request;
  if ((image !== undefined) === allImages)
    throw unclear('exactly one of --update-image and --update-all-images is needed');
  if (!all && request.workloads.length === 0) throw unclear('neither --all nor a --workload is given');
  if (request.watch && request.dryRun) throw unclear('there is nothing to --watch in a --dry-run');
  if (force && all && allImages) throw unclear('--force means nothing with --all and --update-all-images');
  const wanted = image ?? latestImages;
  checkImageSpec(wanted);
  const spec: ImageSpec = {
    type: 'image',
    workloads: all ? [allWorkloads] : request.workloads.map((id) => formatWorkloadId(parseWorkloadId(id, namespace))),
    image: wanted,
    excludes: request.exclude.map((id) => formatWorkloadId(parseWorkloadId(id, namespace))),
    force,
  };
  return { spec, plan: request.dryRun, warnings: warningsOf(request) };
}

function warningsOf({ force, all, allImages }: ReleaseRequest): readonly string[] {
  if (force && all) return ['--force does not ignore locks together with --all'];
  if (force && allImages) return ['--force does not ignore filters together with --update-all-images'];
  return [];
}

function unclear(state: string): Failure {
  return new Failure('user', `Cannot release: ${state}`, { help: 'Run "sluice help release"' });
}
