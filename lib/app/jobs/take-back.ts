import { isOver, isWaiting, type RunSummary, requeueRun } from '../../domain/jobs/run.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import type { Clock, Store } from '../ports.ts';
import { breakLease, leaseOf } from '../records/leases.ts';
import { findOpenRuns } from '../records/open-runs.ts';
import { stepRun } from '../records/runs.ts';

/**
 * For the start of a process that owns the store alone: the leases of its predecessor are broken and the runs that it was at are
 * `queued` again. Their messages come again, once the queue has taken them back too. Every open run is written, so that the time for
 * which nobody was there does not make it stale. Returns how many runs the predecessor was at.
 */
export async function takeBack(store: Store, clock: Clock): Promise<number> {
  const open = await findOpenRuns(store, clock());
  for (const leased of new Set(open.map(({ run }) => leaseOf(run)))) await breakLease(store, leased);
  await forEachInFlight(open, requestsInFlight, async ({ run }) => {
    await stepRun(store, run.id, clock(), (found) =>
      isBegun(found) ? requeueRun(found) : isOver(found) ? undefined : found,
    );
  });
  return open.filter(({ run }) => isBegun(run)).length;
}

function isBegun(run: RunSummary): boolean {
  return run.status === 'running' && !isWaiting(run);
}
