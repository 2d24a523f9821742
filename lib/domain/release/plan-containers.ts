import { Failure } from '../failure.ts';
import { formatImageRef, parseImageRef } from '../images/image-ref.ts';
import {
  type ContainerUpdate,
  type ReleaseResults,
  reasons,
  updated,
  type WorkloadResult,
  without,
} from './release-result.ts';
import type { ContainersSpec } from './release-spec.ts';
import type { ReleaseWorld, RunningWorkload } from './release-world.ts';
import { selectWorkloads } from './select-workloads.ts';
import { formatWorkloadId, parseWorkloadId } from './workload-id.ts';

type Wanted = ContainersSpec['containers'][string];

/**
 * Named images for named containers, where they still have the images that were seen (facts/flux-v1.md §3 "containers job"). Throws a `user`
 * Failure if one workload cannot be done, or nothing is left to do.
 */
export function planContainers(spec: ContainersSpec, world: ReleaseWorld): ReleaseResults {
  const wanted = new Map(
    Object.entries(spec.containers).map(([id, containers]) => [formatWorkloadId(parseWorkloadId(id)), containers]),
  );
  const named = new Set(wanted.keys());
  const { selected, results } = selectWorkloads(world, { only: named, named, ignoreLocks: spec.force });
  for (const { workload, running } of selected) {
    results.set(workload.id, planWorkload(wanted.get(workload.id) ?? [], running, spec.skipMismatches));
  }
  checkResults(results);
  return results;
}

function planWorkload(wanted: Wanted, { containers }: RunningWorkload, skipMismatches: boolean): WorkloadResult {
  const updates: ContainerUpdate[] = [];
  const unknown: string[] = [];
  const different: string[] = [];
  for (const { container, current: seen, target } of wanted) {
    const running = containers.find(({ name }) => name === container);
    const current = running && formatImageRef(running.image);
    if (running === undefined) unknown.push(container);
    else if (seen !== undefined && seen !== current) different.push(container);
    else if (target !== current) updates.push({ container, current: running.image, target: parseImageRef(target) });
  }
  if (unknown.length > 0) return without('failed', `container(s) not found: ${unknown.join(', ')}`);
  const mismatch = different.length === 0 ? undefined : `container(s) tag mismatch: ${different.join(', ')}`;
  if (mismatch !== undefined && !skipMismatches) return without('failed', mismatch);
  return updates.length > 0 ? updated(updates, mismatch) : without('skipped', mismatch ?? reasons.upToDate);
}

function checkResults(results: ReleaseResults): void {
  const failed = [...results].filter(([, { status }]) => status === 'failed');
  if (failed.length > 0) {
    const why = failed.map(([id, { error }]) => `${id}: ${error}`).join('; ');
    throw new Failure('user', `Cannot release the containers: cannot satisfy specs: ${why}`, {
      help: 'Look at the images again, and ask for the release with what they are now',
    });
  }
  if ([...results.values()].some(({ status }) => status === 'success')) return;
  const why = [...results].filter(([, { status }]) => status === 'skipped').map(([id, { error }]) => `${id}: ${error}`);
  throw new Failure('user', `Cannot release the containers: no changes found (${why.join('; ')})`);
}
