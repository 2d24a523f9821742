import type { RepositoryImages } from '../../domain/images/image-info.ts';
import { canonicalName } from '../../domain/images/image-ref.ts';
import { isOn } from '../../domain/images/policies.ts';
import { planRelease } from '../../domain/release/plan-release.ts';
import type { ReleaseResults } from '../../domain/release/release-result.ts';
import type { AutoSpec, ContainersSpec, ImageSpec } from '../../domain/release/release-spec.ts';
import type { DefinedWorkload, RunningWorkload } from '../../domain/release/release-world.ts';
import { definedWorkloads, type TargetImages } from '../../domain/release/target-images.ts';

export interface PlanRequest {
  readonly spec: AutoSpec | ImageSpec | ContainersSpec;
  /** As git has it. */
  readonly defined: TargetImages;
  /** As the last sync set out to run it. */
  readonly running: TargetImages;
  readonly images: ReadonlyMap<string, RepositoryImages>;
}

/** What a release does to the workloads of one target. Automation only tells of what it is about: automated workloads, and images that were asked for. */
export function planTarget({ spec, defined, running, images }: PlanRequest): ReleaseResults {
  const workloads = definedWorkloads(defined);
  const live = new Map(definedWorkloads(running).map(({ id, containers }) => [id, { containers }]));
  if (spec.type !== 'auto') return planRelease(spec, { defined: workloads, running: live, images });
  const concerned = workloads.filter((workload) => isConcerned(workload, live.get(workload.id), images));
  const narrowed = new Map([...live].map(([id, { containers }]) => [id, { containers: askedFor(containers, images) }]));
  return planRelease(spec, { defined: concerned, running: narrowed, images });
}

function isConcerned(
  { policies, containers }: DefinedWorkload,
  running: RunningWorkload | undefined,
  images: ReadonlyMap<string, RepositoryImages>,
): boolean {
  if (!isOn(policies, 'automated')) return false;
  return askedFor(running?.containers ?? containers, images).length > 0;
}

function askedFor(
  containers: RunningWorkload['containers'],
  images: ReadonlyMap<string, RepositoryImages>,
): RunningWorkload['containers'] {
  return containers.filter(({ image }) => images.has(canonicalName(image)));
}
