import { randomBytes, randomUUID } from 'node:crypto';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Condition, Item, Store } from '../../lib/app/ports.ts';
import { Failure } from '../../lib/domain/failure.ts';

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: Store;
  /** Moves the clock that the store was given. */
  advance(milliseconds: number): void;
  /** Epoch milliseconds of that clock. */
  now(): number;
}

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
      expect(sorts(await store.query(partition, { limit: 1 }))).toEqual(['b']);
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

  describe('query', () => {
    const names = ['a', 'a#', 'a#1', 'a#10', 'a#2', 'a\u{10ffff}', 'a\u{10ffff}z', 'a\uffff', 'b', 'ä', '🙂'];
    const partition = randomUUID();
    beforeAll(async () => {
      for (const sort of names) await store.put({ partition, sort, order: 1, body: sort });
      await store.put({ partition: `${partition}2`, sort: 'a', order: 1, body: 'another partition' });
    });

    it('sorts by the bytes of UTF-8', async () => {
      expect(sorts(await store.query(partition))).toEqual(names.toSorted(byBytes));
    });

    it.each<[Parameters<Store['query']>[1], string[]]>([
      [{ prefix: 'a#' }, ['a#', 'a#1', 'a#10', 'a#2']],
      [{ prefix: 'a#', descending: true }, ['a#2', 'a#10', 'a#1', 'a#']],
      [{ prefix: 'a#', after: 'a#1' }, ['a#10', 'a#2']],
      [{ prefix: 'a#', after: 'a#1', descending: true }, ['a#']],
      [{ prefix: 'a#', after: 'a#15', limit: 1 }, ['a#2']],
      [{ prefix: 'a#', after: 'a' }, ['a#', 'a#1', 'a#10', 'a#2']],
      [{ prefix: 'a#', after: 'b' }, []],
      [{ prefix: 'a#', after: 'b', descending: true, limit: 2 }, ['a#2', 'a#10']],
      [{ prefix: 'a#', after: 'a', descending: true }, []],
      [{ prefix: 'a\u{10ffff}' }, ['a\u{10ffff}', 'a\u{10ffff}z']],
      [{ prefix: 'nothing' }, []],
      [{ prefix: '', limit: 1 }, ['a']],
      [{ after: 'nothing', descending: true, limit: 1 }, ['b']],
      [{ limit: 0 }, []],
      [{ descending: true, limit: 2 }, ['🙂', 'ä']],
    ])('%j finds %j', async (options, found) => {
      expect(sorts(await store.query(partition, options))).toEqual(found);
    });

    it('of a partition that nothing is in finds nothing', async () => {
      expect(await store.query(randomUUID())).toEqual([]);
    });

    it('reads pages until it has what was asked for, 100 if nothing was', async () => {
      const paged = randomUUID();
      const noise = randomBytes(60_000).toString('base64');
      const sort = (index: number) => String(index).padStart(4, '0');
      await eachOf(120, (index) => store.put({ partition: paged, sort: sort(index), order: index, body: noise }));
      expect((await store.query(paged)).map(({ order }) => order)).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect(await store.query(paged, { limit: 1000 })).toHaveLength(120);
      expect(sorts(await store.query(paged, { limit: 1000, after: sort(99) }))[0]).toBe(sort(100));
    });
  });

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

  it('any history of puts, deletes, conditions and queries is that of a sorted map', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const partition = randomUUID();
        const model = new Map<string, Item>();
        for (const taken of steps) await agree(subject, model, partition, taken);
      }),
      { numRuns: options.histories },
    );
  });
}

const sort = fc.oneof(
  fc.constantFrom('a', 'a#', 'a#1', 'a#2', 'b', 'ä', '🙂'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
);
const order = fc.nat({ max: 4 });
const condition = fc.oneof<fc.Arbitrary<Condition>[]>(
  fc.constant({ absent: true as const }),
  fc.record({ orderIs: order }),
  fc.record({ orderBelow: order }),
);
const step = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    sort,
    order,
    body: fc.jsonValue(),
    livesSeconds: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
    condition: fc.option(condition, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('delete' as const),
    sort,
    condition: fc.option(fc.record({ orderIs: order }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('get' as const), sort }),
  fc.record({
    kind: fc.constant('query' as const),
    options: fc.record(
      { prefix: fc.oneof(fc.constant(''), sort), after: sort, limit: fc.nat({ max: 6 }), descending: fc.boolean() },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.nat({ max: 3 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Takes one step in the store and in the model, and compares what they answer. */
async function agree(subject: StoreUnderTest, model: Map<string, Item>, partition: string, taken: Step): Promise<void> {
  if (taken.kind === 'wait') return subject.advance(taken.seconds * 1000);
  for (const [key, { expiresAt }] of model) {
    if (expiresAt !== undefined && expiresAt * 1000 < subject.now()) model.delete(key);
  }
  if (taken.kind === 'get') {
    expect(await subject.store.get(partition, taken.sort)).toEqual(model.get(taken.sort));
  } else if (taken.kind === 'query') {
    const { prefix = '', after, limit = 100, descending = false } = taken.options;
    const sorted = [...model.values()].toSorted((a, b) => byBytes(a.sort, b.sort) * (descending ? -1 : 1));
    const behind = sorted.filter(
      (item) => after === undefined || byBytes(item.sort, after) * (descending ? -1 : 1) > 0,
    );
    const found = behind.filter((item) => item.sort.startsWith(prefix)).slice(0, limit);
    expect(await subject.store.query(partition, taken.options)).toEqual(found);
  } else if (taken.kind === 'delete') {
    const found = model.get(taken.sort);
    const gone = found === undefined || taken.condition === undefined || found.order === taken.condition.orderIs;
    if (gone) model.delete(taken.sort);
    expect(await subject.store.delete(partition, taken.sort, taken.condition)).toBe(gone);
  } else {
    const { kind: _, condition, livesSeconds, ...fields } = taken;
    const expiresAt = livesSeconds === undefined ? {} : { expiresAt: Math.floor(subject.now() / 1000) + livesSeconds };
    // What is read back has been through JSON, where -0 is 0.
    const item = { partition, ...fields, body: JSON.parse(JSON.stringify(fields.body)), ...expiresAt };
    const written = allows(condition, model.get(taken.sort));
    if (written) model.set(taken.sort, item);
    expect(await subject.store.put(item, condition)).toBe(written);
  }
}

function allows(condition: Condition | undefined, found: Item | undefined): boolean {
  if (condition === undefined) return true;
  if ('absent' in condition) return found === undefined;
  if ('orderIs' in condition) return found?.order === condition.orderIs;
  return found === undefined || found.order < condition.orderBelow;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function sorts(items: readonly Item[]): string[] {
  return items.map((item) => item.sort);
}

async function eachOf(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

async function thrownBy(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
}
