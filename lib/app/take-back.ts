import { isWaiting, requeueRun } from '../domain/run.ts';
import { breakLease } from './leases.ts';
import { findOpenRuns } from './open-runs.ts';
import type { Clock, Store } from './ports.ts';
import { stepRun } from './runs.ts';

/**
 * For the start of a process that owns the store alone: the leases of its predecessor are broken and the runs that it was at are
 * `queued` again. Their messages come again, once the queue has taken them back too. Returns how many runs there were.
 */
export async function takeBack(store: Store, clock: Clock): Promise<number> {
  const open = await findOpenRuns(store, clock());
  const begun = open.filter(({ run }) => run.status === 'running' && !isWaiting(run));
  for (const target of new Set(open.map(({ run }) => run.target))) await breakLease(store, target);
  for (const { run } of begun) await stepRun(store, run.id, clock(), (found) => requeueRun(found));
  return begun.length;
}
