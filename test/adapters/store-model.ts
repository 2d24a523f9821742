import { randomUUID } from 'node:crypto';

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Condition, Item, Store } from '../../lib/app/ports.ts';

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: Store;
  /** Moves the clock that the store was given. */
  advance(milliseconds: number): void;
  /** Epoch milliseconds of that clock. */
  now(): number;
}

/** Random histories of the store beside those of a sorted map. */
export function storeHistories(subject: () => StoreUnderTest, count: number): void {
  it('any history of puts, deletes, conditions and queries is that of a sorted map', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const partition = randomUUID();
        const model = new Map<string, Item>();
        for (const taken of steps) await agree(subject(), model, partition, taken);
      }),
      { numRuns: count },
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

/** The order of `sort`: that of its bytes in UTF-8. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
