import { isOver } from '../../domain/jobs/run.ts';
import { startOfRunIds, timeOfRunId } from '../../domain/jobs/run-id.ts';
import type { Store } from '../ports.ts';
import { runPartitions } from './run-partitions.ts';
import type { RunRecord } from './runs.ts';

const partition = 'schedule';
const sort = 'open-runs';
const pageSize = 500;
/** How far the mark stays behind the clock: the id of a delivery's run tells when it first arrived, and it may be repeated. */
const lagMs = 10 * 60_000;
/** Where a store without a mark is looked at from. */
const firstLookMs = 86_400_000;

/**
 * Every run that is queued or running, oldest first. Each call reads the runs from the oldest that was not over at the call before: no
 * run costs a write for it, and few are read twice.
 */
export async function findOpenRuns(store: Store, now: number): Promise<readonly RunRecord[]> {
  const mark = await store.get(partition, sort);
  const from = mark?.order ?? now - firstLookMs;
  const open: RunRecord[] = [];
  for (const month of runPartitions(from, now + lagMs)) open.push(...(await openRunsOf(store, month, from)));
  const oldest = open[0] && timeOfRunId(open[0].run.id);
  const order = Math.min(oldest ?? now, now - lagMs);
  if (order > from || mark === undefined) await store.put({ partition, sort, order, body: null });
  return open;
}

async function openRunsOf(store: Store, month: string, from: number): Promise<readonly RunRecord[]> {
  const open: RunRecord[] = [];
  let after = startOfRunIds(from);
  for (;;) {
    const items = await store.query(month, { after, limit: pageSize });
    for (const item of items) {
      const record = item.body as RunRecord;
      if (!isOver(record.run)) open.push(record);
    }
    const last = items.at(-1);
    if (last === undefined || items.length < pageSize) return open;
    after = last.sort;
  }
}
