import { type Due, dueNow } from '../../domain/jobs/due.ts';
import type { SyncJob } from '../../domain/jobs/job.ts';
import { queueRun, takesWorker } from '../../domain/jobs/run.ts';
import { runIdOf } from '../../domain/jobs/run-id.ts';
import type { TargetState } from '../../domain/jobs/target-state.ts';
import type { Target } from '../../domain/settings/settings.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import { type IndexHead, readHeads } from '../records/image-index.ts';
import { openRuns } from '../records/open-runs.ts';
import { createRun } from '../records/runs.ts';
import { readTargetStates } from '../records/target-state.ts';
import { isAutomatedTarget } from './find-releases.ts';
import type { JobPorts } from './job-ports.ts';
import { scheduleReleases } from './schedule-releases.ts';
import { sendJobs } from './send-jobs.ts';
import { endIfStale } from './stale-runs.ts';

/** Sweeps of registries at once: each is one branch. */
const mostSweeps = 20;

/**
 * What the timer does every minute: ends runs that nobody will end, and sends a job for each target that is due (domain/jobs/due.ts) and has
 * no run on its way, the longest due first; then a sweep of registries for each branch that is due. Suspended targets are left alone.
 *
 * @param capacity how many jobs the workers can take: no more are sent than make up this many runs that are at a worker or next in the
 *   queue. What only waits, for health or to be tried again, holds no worker (DESIGN §3).
 * @returns the runs that were queued.
 */
export async function schedule(capacity: number, ports: JobPorts): Promise<readonly string[]> {
  const { store, queue, clock } = ports;
  const busy = new Set<string>();
  let taken = 0;
  for await (const page of openRuns(store, clock())) {
    for (const record of page) {
      if (await endIfStale(record, ports)) continue;
      if (record.run.kind === 'release') continue;
      busy.add(record.run.target);
      if (takesWorker(record.run, clock())) taken++;
    }
  }
  const states = await readTargetStates(store);
  const heads = [...ports.targets.values()].some(isAutomatedTarget) ? await readHeads(store) : new Map();
  const now = clock();
  const due: { target: Target; due: Due }[] = [];
  for (const target of ports.targets.values()) {
    const reason = busy.has(target.name)
      ? undefined
      : (dueNow(target, states.get(target.name) ?? { target: target.name }, now) ??
        notIndexed(target, states.get(target.name), heads));
    if (reason) due.push({ target, due: reason });
  }
  due.sort((a, b) => a.due.since - b.due.since);
  const jobs = due.slice(0, Math.max(capacity - taken, 0)).map((entry) => jobOf(entry.target, entry.due, now, ports));
  await forEachInFlight(jobs, requestsInFlight, (job) => createRun(store, queueRun(job, now), now));
  await sendJobs(queue, jobs);
  await scheduleReleases(mostSweeps, heads, ports);
  return jobs.map((job) => job.run);
}

/** A target that was applied, and of which the image index has nothing: it was lost, and a sync writes it anew (DESIGN §5.5). */
function notIndexed(
  target: Target,
  state: TargetState | undefined,
  heads: ReadonlyMap<string, IndexHead>,
): Due | undefined {
  if (!isAutomatedTarget(target) || state?.last?.status !== 'succeeded' || heads.has(target.name)) return undefined;
  return { kind: 'sweep', since: state.last.at };
}

function jobOf(target: Target, due: Due, now: number, { newId }: JobPorts): SyncJob {
  const run = runIdOf(now, [newId(), target.name]);
  return { kind: 'sync', target: target.name, run, cause: { kind: due.kind, by: 'schedule' }, attempt: 0 };
}
