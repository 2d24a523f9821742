import { join } from 'node:path';

import { describe } from 'vitest';

import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { createSqliteQueue } from '../../../lib/adapters/sqlite/queue.ts';
import { type QueueUnderTest, queueContract } from '../queue-contract.ts';
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

describe('the SQLite queue', () => queueContract(open));
