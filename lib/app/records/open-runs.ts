import { isOver } from '../../domain/jobs/run.ts';
import { startOfRunIds, timeOfRunId } from '../../domain/jobs/run-id.ts';
import type { Store } from '../ports.ts';
import { runPartitions } from './run-partitions.ts';
import type { RunRecord } from './runs.ts';

const partition = 'schedule';
const sort = 'open-runs';
/** What is decoded in one go: a server answers deliveries between two pages, and each waits for the page. */
const pageSize = 25;
/** How far the mark stays behind the clock: the id of a delivery's run tells when it first arrived, and it may be repeated. */
const lagMs = 10 * 60_000;
/** Where a store without a mark is looked at from. */
const firstLookMs = 86_400_000;

/**
 * Every run that is queued or running, oldest first, a few at a time: of a burst of pushes there may be more than memory wants. Each walk reads
 * the runs from the oldest that was not over at the walk before: no run costs a write for it, and few are read twice.
 */
export async function* openRuns(store: Store, now: number): AsyncGenerator<readonly RunRecord[], void> {
  const mark = await store.get(partition, sort);
  const from = mark?.order ?? now - firstLookMs;
  let oldest: number | undefined;
  for (const month of runPartitions(from, now + lagMs)) {
    let after = startOfRunIds(from);
    for (;;) {
      const items = await store.query(month, { after, limit: pageSize });
      const open = items.map(({ body }) => body as RunRecord).filter(({ run }) => !isOver(run));
      oldest ??= open[0] && timeOfRunId(open[0].run.id);
      yield open;
      const last = items.at(-1);
      if (last === undefined || items.length < pageSize) break;
      after = last.sort;
    }
  }
  const order = Math.min(oldest ?? now, now - lagMs);
  if (order > from || mark === undefined) await store.put({ partition, sort, order, body: null });
}

/** All of them at once. */
export async function findOpenRuns(store: Store, now: number): Promise<readonly RunRecord[]> {
  const found: RunRecord[] = [];
  for await (const open of openRuns(store, now)) found.push(...open);
  return found;
}
