import type { ReleaseJob } from '../../domain/jobs/job.ts';
import { releaseGroup } from '../../domain/jobs/release-group.ts';
import { runIdOf } from '../../domain/jobs/run-id.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { IndexHead } from '../records/image-index.ts';
import { readReleaseStates, stepReleaseState } from '../records/release-state.ts';
import { isAutomatedTarget } from './find-releases.ts';
import type { JobPorts } from './job-ports.ts';
import { sendReleases } from './send-jobs.ts';

/**
 * Sends a sweep of registries for each branch that has something automated and was not swept for its `interval`, the longest due first: for
 * registries that send no events, and for events that were lost. How many were sent.
 */
export async function scheduleReleases(
  capacity: number,
  heads: ReadonlyMap<string, IndexHead>,
  ports: JobPorts,
): Promise<number> {
  const { store, queue, clock, newId } = ports;
  const automated = [...ports.targets.values()].filter((target) => {
    return isAutomatedTarget(target) && heads.get(target.name)?.automated === true;
  });
  if (automated.length === 0) return 0;
  const states = await readReleaseStates(store);
  const now = clock();
  const due = [...Map.groupBy(automated, ({ source }) => releaseGroup(source))]
    .map(([group, targets]) => ({ group, targets, at: (states.get(group)?.sweptAt ?? 0) + 1000 * intervalOf(targets) }))
    .filter(({ at }) => at <= now)
    .sort((a, b) => a.at - b.at)
    .slice(0, capacity);
  const jobs: ReleaseJob[] = [];
  for (const { group, targets } of due) {
    const [first] = targets;
    if (first === undefined) continue;
    const { url, branch } = first.source;
    const run = runIdOf(now, [newId(), group]);
    const names = targets.map(({ name }) => name);
    const cause = { kind: 'sweep', by: 'schedule' } as const;
    jobs.push({ kind: 'release', url, branch, targets: names, spec: { type: 'auto' }, run, cause, attempt: 0 });
    await stepReleaseState(store, group, { sweptAt: now });
  }
  await sendReleases(queue, jobs);
  return jobs.length;
}

/** Seconds. */
function intervalOf(targets: readonly Target[]): number {
  return Math.min(...targets.map(({ automation }) => automation?.interval ?? Number.POSITIVE_INFINITY));
}
