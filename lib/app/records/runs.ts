import type { ObjectResult, Run, RunError, RunSummary } from '../../domain/jobs/run.ts';
import { timeOfRunId } from '../../domain/jobs/run-id.ts';
import type { Store } from '../ports.ts';
import { type ItemKey, rewrite } from './rewrite.ts';
import { loadObjects, type StoredObjects, shorten, storeObjects } from './run-objects.ts';
import { runPartition } from './run-partitions.ts';

/** The body of a run's item. */
export interface RunRecord {
  readonly run: RunSummary;
  readonly objects: StoredObjects;
  /** Epoch milliseconds of the last write: of a run that nobody works on, since when. */
  readonly writtenAt: number;
}

export const keptDays = 90;
const mostWarnings = 100;
const longestMessage = 4000;

/** Of pointers to the runs of one target. */
export function pointerPartition(target: string): string {
  return `runs-of/${target}`;
}

/** Records a run that is new; one that is there already, since whatever created it is repeated, stays as it is. */
export async function createRun(store: Store, run: RunSummary, at: number): Promise<void> {
  const place = placeOf(run.id);
  if (place === undefined) throw new TypeError('The id of a run must be one of runIdOf');
  const { key, expiresAt } = place;
  const body: RunRecord = { run: bounded(run), objects: { first: [] }, writtenAt: at };
  await Promise.all([
    ...(run.targets ?? [run.target]).map((target) =>
      store.put({ partition: pointerPartition(target), sort: run.id, order: 0, body: null, expiresAt }),
    ),
    store.put({ ...key, order: 1, body, expiresAt }, { absent: true }),
  ]);
}

/** Without its objects. */
export async function readRun(store: Store, id: string): Promise<RunSummary | undefined> {
  return (await readRecord(store, id))?.run;
}

/** With all its objects; undefined if there is no run with this id, or none any more after 90 days. */
export async function getRun(store: Store, id: string): Promise<Run | undefined> {
  const record = await readRecord(store, id);
  return record && { ...record.run, objects: await loadObjects(store, id, record.objects) };
}

/**
 * Writes what `step` (domain/jobs/run.ts) makes of the run, with `objects` instead of those that it has if they are given. Returns the run as
 * it was written; undefined if there is none or the step made nothing of it. `step` may be called several times.
 */
export async function stepRun(
  store: Store,
  id: string,
  at: number,
  step: (run: RunSummary) => RunSummary | undefined,
  objects?: readonly ObjectResult[],
): Promise<RunSummary | undefined> {
  const place = placeOf(id);
  if (place === undefined) return undefined;
  const { key, expiresAt } = place;
  const stored = objects && (await storeObjects(store, id, objects, expiresAt));
  const written = await rewrite<RunRecord>(store, key, (record) => {
    const run = record && step(record.run);
    return run && { body: { run: bounded(run), objects: stored ?? record.objects, writtenAt: at }, expiresAt };
  });
  return written?.run;
}

export async function readRecord(store: Store, id: string): Promise<RunRecord | undefined> {
  const place = placeOf(id);
  return place && ((await store.get(place.key.partition, place.key.sort))?.body as RunRecord | undefined);
}

interface Place {
  readonly key: ItemKey;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** The id alone tells where a run is kept and for how long; undefined if it is no run's. */
function placeOf(id: string): Place | undefined {
  const at = timeOfRunId(id);
  if (at === undefined) return undefined;
  return { key: { partition: runPartition(at), sort: id }, expiresAt: Math.floor(at / 1000) + keptDays * 86_400 };
}

function bounded(run: RunSummary): RunSummary {
  return {
    ...run,
    ...(run.error && { error: boundedError(run.error) }),
    ...(run.warnings && { warnings: run.warnings.slice(0, mostWarnings).map((warning) => shorten(warning)) }),
  };
}

function boundedError(error: RunError): RunError {
  return { ...error, message: shorten(error.message, longestMessage) };
}
