import { randomBytes, randomUUID } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import type { Item, Store } from '../../lib/app/ports.ts';
import { byBytes } from './store-model.ts';

/** Order, bounds and pages of queries. */
export function storeQueries(store: () => Store): void {
  describe('query', () => {
    const names = ['a', 'a#', 'a#1', 'a#10', 'a#2', 'a\u{10ffff}', 'a\u{10ffff}z', 'a\uffff', 'b', 'ä', '🙂'];
    const partition = randomUUID();
    beforeAll(async () => {
      for (const sort of names) await store().put({ partition, sort, order: 1, body: sort });
      await store().put({ partition: `${partition}2`, sort: 'a', order: 1, body: 'another partition' });
    });

    it('sorts by the bytes of UTF-8', async () => {
      expect(sorts(await store().query(partition))).toEqual(names.toSorted(byBytes));
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
      expect(sorts(await store().query(partition, options))).toEqual(found);
    });

    it('of a partition that nothing is in finds nothing', async () => {
      expect(await store().query(randomUUID())).toEqual([]);
    });

    it('reads pages until it has what was asked for, 100 if nothing was', async () => {
      const paged = randomUUID();
      const noise = randomBytes(60_000).toString('base64');
      const sort = (index: number) => String(index).padStart(4, '0');
      await eachOf(120, (index) => store().put({ partition: paged, sort: sort(index), order: index, body: noise }));
      expect((await store().query(paged)).map(({ order }) => order)).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect(await store().query(paged, { limit: 1000 })).toHaveLength(120);
      expect(sorts(await store().query(paged, { limit: 1000, after: sort(99) }))[0]).toBe(sort(100));
    });
  });
}

function sorts(items: readonly Item[]): string[] {
  return items.map((item) => item.sort);
}

async function eachOf(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}
