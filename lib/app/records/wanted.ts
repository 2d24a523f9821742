import { Failure } from '../../domain/failure.ts';
import type { Wanted } from '../../domain/jobs/skip.ts';
import type { Store } from '../ports.ts';

const mostTries = 20;
const sort = 'wanted';

/**
 * Writes that a delivery which arrived at `now` wants the target to be synced. Returns its place in the order of the target's
 * deliveries: `now`, or one more than that of the delivery before, whatever the clocks of two functions say. The same delivery once
 * more keeps its place while no other came behind it.
 */
export async function want(store: Store, target: string, push: Omit<Wanted, 'at'>, now: number): Promise<number> {
  let at = now;
  for (let tries = 0; tries < mostTries; tries++) {
    const body: Wanted = { ...push, at };
    if (await store.put({ partition: partitionOf(target), sort, order: at, body }, { orderBelow: at })) return at;
    const newest = await readWanted(store, target);
    if (newest?.delivery === push.delivery) return newest.at;
    at = Math.max(now, (newest?.at ?? 0) + 1);
  }
  throw new Failure('server', `Cannot note a push for "${target}": others were noted ${mostTries} times meanwhile`);
}

/** The newest delivery that concerns the target; undefined if there was none. */
export async function readWanted(store: Store, target: string): Promise<Wanted | undefined> {
  const item = await store.get(partitionOf(target), sort);
  return item?.body as Wanted | undefined;
}

function partitionOf(target: string): string {
  return `target/${target}`;
}
