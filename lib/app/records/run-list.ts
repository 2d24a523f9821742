import type { Run } from '../../domain/jobs/run.ts';
import { timeOfRunId } from '../../domain/jobs/run-id.ts';
import type { Store } from '../ports.ts';
import { runPartitions } from './run-partitions.ts';
import { keptDays, pointerPartition, type RunRecord, readRecord } from './runs.ts';

export interface RunQuery {
  readonly target?: string;
  /** Default 50. */
  readonly limit?: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

/** Runs with the first of their objects (at most 100, failures first); `getRun` has all. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** Absent on the last page. */
  readonly next?: string;
}

const defaultLimit = 50;
const dayMs = 86_400_000;

/** Runs of one target or of all, newest first. `now` is epoch milliseconds. */
export async function listRuns(store: Store, query: RunQuery, now: number): Promise<RunPage> {
  return query.target === undefined ? listAll(store, query, now) : listOfTarget(store, query.target, query);
}

async function listOfTarget(store: Store, target: string, { limit = defaultLimit, after }: RunQuery): Promise<RunPage> {
  const pointers = await store.query(pointerPartition(target), { descending: true, limit, ...(after && { after }) });
  const records = await Promise.all(pointers.map((pointer) => readRecord(store, pointer.sort)));
  return page(
    records.filter((record) => record !== undefined),
    pointers.length === limit ? pointers.at(-1)?.sort : undefined,
  );
}

async function listAll(store: Store, { limit = defaultLimit, after }: RunQuery, now: number): Promise<RunPage> {
  const records: RunRecord[] = [];
  const newest = (after && timeOfRunId(after)) || now + dayMs;
  for (const partition of runPartitions(now - keptDays * dayMs, newest).toReversed()) {
    const wanted = limit - records.length;
    const items = await store.query(partition, { descending: true, limit: wanted, ...(after && { after }) });
    records.push(...items.map((item) => item.body as RunRecord));
    if (records.length === limit) return page(records, records.at(-1)?.run.id);
  }
  return page(records, undefined);
}

function page(records: readonly RunRecord[], next: string | undefined): RunPage {
  const runs = records.map(({ run, objects }) => ({ ...run, objects: objects.first }));
  return { runs, ...(next !== undefined && { next }) };
}
