import { type ImageRef, sameRepository } from '../images/image-ref.ts';
import { isOn } from '../images/policies.ts';
import { reasons, type WorkloadResult, without } from './release-result.ts';
import type { DefinedWorkload, ReleaseWorld, RunningWorkload } from './release-world.ts';

/** Which workloads of a world a release is about. */
export interface Selection {
  /** Ids; absent: all. */
  readonly only?: ReadonlySet<string>;
  /** Ids that were named, and are answered for also where git has them not. */
  readonly named: ReadonlySet<string>;
  readonly excluded?: ReadonlySet<string>;
  /** Only workloads that run an image of this repository. */
  readonly repository?: ImageRef;
  readonly ignoreLocks: boolean;
}

export interface Selected {
  readonly workload: DefinedWorkload;
  readonly running: RunningWorkload;
}

/** What is left to be looked at, and what becomes of all the others. */
export interface SelectedWorkloads {
  readonly selected: readonly Selected[];
  readonly results: Map<string, WorkloadResult>;
}

/** Asks in the order of fluxd (facts/flux-v1.md §3 "release"): the first reason counts. */
export function selectWorkloads(world: ReleaseWorld, selection: Selection): SelectedWorkloads {
  const selected: Selected[] = [];
  const results = new Map<string, WorkloadResult>();
  for (const workload of world.defined) {
    const running = world.running.get(workload.id);
    const reason = reasonAgainst(workload, running, selection);
    if (reason !== undefined) results.set(workload.id, reason);
    else if (running !== undefined) selected.push({ workload, running });
  }
  for (const id of selection.named) {
    const isDefined = world.defined.some((workload) => workload.id === id);
    if (!isDefined) results.set(id, without('skipped', reasons.notInRepository));
  }
  return { selected, results };
}

function reasonAgainst(
  { id, policies }: DefinedWorkload,
  running: RunningWorkload | undefined,
  { only, excluded, repository, ignoreLocks }: Selection,
): WorkloadResult | undefined {
  if (only !== undefined && !only.has(id)) return without('ignored', reasons.notIncluded);
  if (excluded?.has(id)) return without('ignored', reasons.excluded);
  if (running === undefined) return without('skipped', reasons.notRunning);
  if (repository !== undefined) {
    if (running.containers.length === 0) return without('ignored', reasons.notRunning);
    const uses = running.containers.some(({ image }) => sameRepository(image, repository));
    if (!uses) return without('ignored', reasons.differentImage);
  }
  if (ignoreLocks) return undefined;
  if (isOn(policies, 'locked')) return without('skipped', reasons.locked);
  const ignored = isOn(policies, 'ignore') || (running.policies && isOn(running.policies, 'ignore'));
  return ignored ? without('skipped', reasons.ignore) : undefined;
}
