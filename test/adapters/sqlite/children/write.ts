import { writeSync } from 'node:fs';

import { openDatabase } from '../../../../lib/adapters/sqlite/database.ts';
import { createSqliteQueue } from '../../../../lib/adapters/sqlite/queue.ts';
import { createSqliteStore } from '../../../../lib/adapters/sqlite/store.ts';

/** Puts and sends numbers without end; prints each once it was taken. */
const database = openDatabase(process.argv[2] ?? '');
const store = createSqliteStore(database, Date.now);
const queue = createSqliteQueue(database, Date.now);
for (let number = 0; ; number += 1) {
  await store.put({ partition: 'written', sort: String(number), order: number, body: number });
  await queue.send('sync', [{ body: number, group: 'one' }]);
  writeSync(1, `${number}\n`);
}
