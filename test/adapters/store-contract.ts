import { randomBytes, randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Condition, Item, Store } from '../../lib/app/ports.ts';
import { Failure } from '../../lib/domain/failure.ts';
import { type StoreUnderTest, storeHistories } from './store-model.ts';
import { storeQueries } from './store-queries.ts';

export interface StoreContractOptions {
  /** How many random histories are tried; each has up to 40 steps. */
  readonly histories: number;
}

/** What every `Store` does. A case has a partition of its own, so that one store serves them all. */
export function storeContract(open: () => Promise<StoreUnderTest>, options: StoreContractOptions): void {
  let subject: StoreUnderTest;
  let store: Store;
  beforeAll(async () => {
    subject = await open();
    store = subject.store;
  });
  afterAll(async () => {
    await subject[Symbol.asyncDispose]();
  });

  it('get returns what put wrote, and undefined for what was never written', async () => {
    const item = {
      partition: randomUUID(),
      sort: 'a',
      order: 7,
      body: { text: 'ü€🙂\u0000\n', list: [1, null, true] },
    };
    expect(await store.put(item)).toBe(true);
    expect(await store.get(item.partition, 'a')).toEqual(item);
    expect(await store.get(item.partition, 'b')).toBeUndefined();
  });

  it.each([0, 1, Number.MAX_SAFE_INTEGER])('order %d is kept exactly', async (order) => {
    const item = { partition: randomUUID(), sort: 'a', order, body: null };
    await store.put(item);
    expect(await store.get(item.partition, 'a')).toEqual(item);
    expect(await store.put({ ...item, body: 1 }, { orderIs: order })).toBe(true);
  });

  it.each<{ condition: Condition; found: number | undefined; written: boolean }>([
    { condition: { absent: true }, found: undefined, written: true },
    { condition: { absent: true }, found: 5, written: false },
    { condition: { orderIs: 5 }, found: undefined, written: false },
    { condition: { orderIs: 5 }, found: 5, written: true },
    { condition: { orderIs: 5 }, found: 4, written: false },
    { condition: { orderBelow: 5 }, found: undefined, written: true },
    { condition: { orderBelow: 5 }, found: 4, written: true },
    { condition: { orderBelow: 5 }, found: 5, written: false },
    { condition: { orderBelow: 5 }, found: 6, written: false },
  ])('put with $condition over order $found writes: $written', async ({ condition, found, written }) => {
    const old = { partition: randomUUID(), sort: 'a', order: found ?? 0, body: 'old' };
    if (found !== undefined) await store.put(old);
    const item = { ...old, order: 9, body: 'new' };
    expect(await store.put(item, condition)).toBe(written);
    expect(await store.get(old.partition, 'a')).toEqual(written ? item : found === undefined ? undefined : old);
  });

  it.each([
    { order: undefined, found: 5, gone: true },
    { order: undefined, found: undefined, gone: true },
    { order: 5, found: 5, gone: true },
    { order: 4, found: 5, gone: false },
    { order: 4, found: undefined, gone: true },
  ])('delete asking for order $order over order $found: gone is $gone', async ({ order, found, gone }) => {
    const partition = randomUUID();
    if (found !== undefined) await store.put({ partition, sort: 'a', order: found, body: 1 });
    expect(await store.delete(partition, 'a', order === undefined ? undefined : { orderIs: order })).toBe(gone);
    expect((await store.get(partition, 'a')) === undefined).toBe(gone);
  });

  it('one of many writers at once gets an item that must be absent', async () => {
    const partition = randomUUID();
    const writers = Array.from({ length: 20 }, (_, order) => ({ partition, sort: 'lease', order, body: order }));
    const written = await Promise.all(writers.map((item) => store.put(item, { absent: true })));
    expect(written.filter(Boolean)).toHaveLength(1);
    expect((await store.get(partition, 'lease'))?.body).toBe(written.indexOf(true));
  });

  describe('an item whose time is over', () => {
    async function expired(): Promise<Item> {
      const expiresAt = Math.floor(subject.now() / 1000) + 10;
      const item = { partition: randomUUID(), sort: 'a', order: 5, body: 'old', expiresAt };
      await store.put(item);
      expect(await store.get(item.partition, 'a')).toEqual(item);
      subject.advance(11_000);
      return item;
    }

    it('is not read, alone or in a query', async () => {
      const { partition } = await expired();
      await store.put({ partition, sort: 'b', order: 1, body: 1 });
      expect(await store.get(partition, 'a')).toBeUndefined();
      expect(await store.query(partition, { limit: 1 })).toMatchObject([{ sort: 'b' }]);
    });

    it.each<{ condition: Condition; written: boolean }>([
      { condition: { absent: true }, written: true },
      { condition: { orderIs: 5 }, written: false },
      { condition: { orderBelow: 1 }, written: true },
    ])('counts as absent in $condition', async ({ condition, written }) => {
      const { partition } = await expired();
      expect(await store.put({ partition, sort: 'a', order: 0, body: 'new' }, condition)).toBe(written);
      expect((await store.get(partition, 'a'))?.body).toBe(written ? 'new' : undefined);
    });

    it('is gone for a delete that asks for another order', async () => {
      const { partition } = await expired();
      expect(await store.delete(partition, 'a', { orderIs: 1 })).toBe(true);
    });

    it('is there until its second is over', async () => {
      const expiresAt = Math.floor(subject.now() / 1000) + 10;
      const item = { partition: randomUUID(), sort: 'a', order: 5, body: 'old', expiresAt };
      await store.put(item);
      subject.advance(expiresAt * 1000 - subject.now());
      expect(await store.get(item.partition, 'a')).toEqual(item);
      expect(await store.query(item.partition)).toEqual([item]);
      expect(await store.put(item, { absent: true })).toBe(false);
      expect(await store.put(item, { orderIs: 5 })).toBe(true);
      subject.advance(1);
      expect(await store.get(item.partition, 'a')).toBeUndefined();
    });

    it('is kept when it is written again without a time', async () => {
      const { partition, sort, order, body } = await expired();
      await store.put({ partition, sort, order, body });
      subject.advance(1_000_000);
      expect(await store.get(partition, 'a')).toEqual({ partition, sort, order, body });
    });
  });

  storeQueries(() => store);

  it('a body of 5,000 failed objects fits, and comes back as it was', async () => {
    const objects = Array.from({ length: 5000 }, (_, index) => ({
      id: `shop-${index % 50}:deployment/checkout-worker-${index}`,
      action: 'failed',
      error: `Cannot apply "checkout-worker-${index}": Deployment.apps is invalid: spec.replicas: ${index * 7919}`,
    }));
    const item = { partition: randomUUID(), sort: 'run', order: 1, body: { objects } };
    await store.put(item);
    expect(await store.get(item.partition, 'run')).toEqual(item);
  });

  it('takes a body of just under 300 KB compressed, and refuses one above by name', async () => {
    const partition = randomUUID();
    const fits = randomBytes(295 * 1024).toString('base64');
    expect(await store.put({ partition, sort: 'fits', order: 1, body: fits })).toBe(true);
    expect((await store.get(partition, 'fits'))?.body).toBe(fits);
    const refused = await thrownBy(() =>
      store.put({ partition, sort: 'over', order: 1, body: randomBytes(310 * 1024).toString('base64') }),
    );
    expect(refused).toBeInstanceOf(Failure);
    expect(refused).toMatchObject({ fault: 'server' });
    expect((refused as Failure).message).toMatch(
      new RegExp(`^Cannot store item "${partition}" "over": its body is \\d+ KB compressed, 300 KB are allowed$`),
    );
    expect(await store.get(partition, 'over')).toBeUndefined();
  });

  it.each([
    { partition: '', sort: 'a', order: 1, body: 1 },
    { partition: 'a', sort: '', order: 1, body: 1 },
    { partition: 'a', sort: 'a', order: 0.5, body: 1 },
    { partition: 'a', sort: 'a', order: 2 ** 53, body: 1 },
    { partition: 'a', sort: 'a', order: 1, body: undefined },
    { partition: 'a', sort: 'a', order: 1, body: 1, expiresAt: 1.5 },
  ])('%j is a programming error', async (item) => {
    expect(await thrownBy(() => store.put(item))).toBeInstanceOf(TypeError);
  });

  storeHistories(() => subject, options.histories);
}

async function thrownBy(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
}
