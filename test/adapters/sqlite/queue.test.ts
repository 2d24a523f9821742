import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { createSqliteQueue } from '../../../lib/adapters/sqlite/queue.ts';
import type { QueueUnderTest } from '../queue-contract/cases.ts';
import { queueContract } from '../queue-contract.ts';
import { createDirectory } from './directory.ts';

async function open(): Promise<QueueUnderTest> {
  const directory = createDirectory();
  const database = openDatabase(join(directory.path, 'sluice.db'));
  let passed = 0;
  return {
    queue: createSqliteQueue(database, () => Date.now() + passed),
    pass: async (milliseconds) => {
      passed += milliseconds;
    },
    [Symbol.asyncDispose]: async () => {
      database.close();
      directory[Symbol.dispose]();
    },
  };
}

describe('the SQLite queue', () => {
  queueContract(open);

  it('takes back what was in flight when its process ended, in the order of its groups', async () => {
    using directory = createDirectory();
    const path = join(directory.path, 'sluice.db');
    const options = { limit: 10, waitSeconds: 0, visibilitySeconds: 900 };
    const before = openDatabase(path);
    const first = createSqliteQueue(before, Date.now);
    await first.send('sync', [
      { body: 'a1', group: 'a' },
      { body: 'a2', group: 'a' },
      { body: 'b1', group: 'b' },
    ]);
    await first.send('check', [{ body: 'later', delaySeconds: 900 }]);
    expect(await first.receive('sync', options)).toHaveLength(2);
    before.close();
    using after = openDatabase(path);
    const second = createSqliteQueue(after, Date.now);
    expect(await second.receive('sync', options)).toEqual([]);
    expect(second.takeBack()).toBe(2);
    const messages = await second.receive('sync', options);
    expect(messages.map(({ body, receiveCount }) => [body, receiveCount])).toEqual([
      ['a1', 2],
      ['b1', 2],
    ]);
    expect(await second.receive('check', options)).toEqual([]);
  });

  it('keeps the body of a dead letter', async () => {
    using directory = createDirectory();
    using database = openDatabase(join(directory.path, 'sluice.db'));
    const queue = createSqliteQueue(database, Date.now);
    await queue.send('check', [{ body: { poison: true } }]);
    for (let count = 0; count < 6; count += 1) {
      await queue.receive('check', { limit: 1, waitSeconds: 0, visibilitySeconds: 0 });
    }
    const [dead] = database.prepare('SELECT queue, body, receive_count FROM dead_letters').all();
    expect({ ...dead }).toEqual({ queue: 'check', body: '{"poison":true}', receive_count: 5 });
  });
});
