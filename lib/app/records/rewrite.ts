import { Failure } from '../../domain/failure.ts';
import type { Item, Store } from '../ports.ts';

export type ItemKey = Pick<Item, 'partition' | 'sort'>;

/** What `change` wants written, or undefined to leave the item as it is. */
export type Change<Body> = (body: Body | undefined) => { readonly body: Body; readonly expiresAt?: number } | undefined;

/** More writers of one item at one moment than there are workers for one target. */
const mostTries = 20;

/**
 * Reads an item and writes what `change` makes of it, on condition that nobody has written it meanwhile; else begins again, so `change`
 * may be called several times. The item's order counts its writes. Returns the body that was written, or undefined if none was to be.
 */
export async function rewrite<Body>(store: Store, key: ItemKey, change: Change<Body>): Promise<Body | undefined> {
  for (let tries = 0; tries < mostTries; tries++) {
    const found = await store.get(key.partition, key.sort);
    const next = change(found?.body as Body | undefined);
    if (next === undefined) return undefined;
    const condition = found === undefined ? ({ absent: true } as const) : { orderIs: found.order };
    if (await store.put({ ...key, ...next, order: (found?.order ?? 0) + 1 }, condition)) return next.body;
  }
  throw new Failure(
    'server',
    `Cannot write "${key.partition} ${key.sort}": others wrote it ${mostTries} times meanwhile`,
  );
}
