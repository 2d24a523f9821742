import type { Store } from '../ports.ts';
import { rewrite } from './rewrite.ts';

/** What is remembered of a branch that is written to. Times are epoch milliseconds. */
export interface ReleaseState {
  /** When the last sweep was sent. */
  readonly sweptAt?: number;
  /** The run that was the last to take the events that were there. */
  readonly run?: string;
  /** What its pull requests hold, as digests: while they are open a sweep finds the same again. */
  readonly proposed?: readonly string[];
}

/** One partition for all: `schedule` reads them with one query. */
const partition = 'releases';
const pageSize = 1000;

export async function readReleaseState(store: Store, group: string): Promise<ReleaseState> {
  return ((await store.get(partition, group))?.body as ReleaseState | undefined) ?? {};
}

/** By group. */
export async function readReleaseStates(store: Store): Promise<ReadonlyMap<string, ReleaseState>> {
  const items = await store.query(partition, { limit: pageSize });
  return new Map(items.map(({ sort, body }) => [sort, body as ReleaseState]));
}

export async function stepReleaseState(store: Store, group: string, step: ReleaseState): Promise<void> {
  await rewrite<ReleaseState>(store, { partition, sort: group }, (state) => ({ body: { ...state, ...step } }));
}
