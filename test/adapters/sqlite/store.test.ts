import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { createSqliteStore } from '../../../lib/adapters/sqlite/store.ts';
import { storeContract } from '../store-contract.ts';
import type { StoreUnderTest } from '../store-model.ts';
import { createDirectory } from './directory.ts';

async function open(): Promise<StoreUnderTest> {
  const directory = createDirectory();
  const database = openDatabase(join(directory.path, 'sluice.db'));
  let now = Date.now();
  return {
    store: createSqliteStore(database, () => now),
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds;
    },
    [Symbol.asyncDispose]: async () => {
      database.close();
      directory[Symbol.dispose]();
    },
  };
}

describe('the SQLite store', () => storeContract(open, { histories: 300 }));

it('a walk over many pages lets others in between', async () => {
  await using world = await open();
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
  })();
  for (let page = 0; page < 50; page++) await world.store.query('nothing', {});
  isOver = true;
  await others;
  expect(turns).toBeGreaterThanOrEqual(50);
});
