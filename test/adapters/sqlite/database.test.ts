import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Database, openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { createSqliteQueue } from '../../../lib/adapters/sqlite/queue.ts';
import { createSqliteStore } from '../../../lib/adapters/sqlite/store.ts';
import type { Failure } from '../../../lib/domain/failure.ts';
import { type Child, startChild } from './child.ts';
import { createDirectory, type Directory } from './directory.ts';

describe('the database of serve', () => {
  let directory: Directory;
  let path: string;
  const opened: Disposable[] = [];
  beforeEach(() => {
    directory = createDirectory();
    path = join(directory.path, 'data', 'sluice.db');
  });
  afterEach(() => {
    for (const disposable of opened.splice(0)) disposable[Symbol.dispose]();
    directory[Symbol.dispose]();
  });

  function open(): Database {
    const database = openDatabase(path);
    opened.push(database);
    return database;
  }

  async function child(script: string): Promise<Child> {
    const started = await startChild(script, path);
    opened.push(started);
    return started;
  }

  it('creates its directory and file for its owner alone', () => {
    open();
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    for (const suffix of ['', '-wal']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
  });

  it('keeps items and messages when it is closed and opened again', async () => {
    const item = { partition: 'a', sort: 'b', order: 1, body: { x: 1 } };
    const first = open();
    await createSqliteStore(first, Date.now).put(item);
    await createSqliteQueue(first, Date.now).send('sync', [{ body: 1, group: 'a' }]);
    first.close();
    const second = open();
    expect(await createSqliteStore(second, Date.now).get('a', 'b')).toEqual(item);
    expect(await createSqliteQueue(second, Date.now).depth('sync')).toEqual({ waiting: 1, inFlight: 0, dead: 0 });
  });

  it('is refused to a second process while a first has it, and to the first itself', async () => {
    const holder = await child('hold.ts');
    expect(await holder.line()).toBe('open');
    expect(thrownBy(open)).toMatchObject({
      name: 'Failure',
      fault: 'user',
      message: `Cannot open "${path}": another process has it`,
      help: 'One serve owns a data directory: stop the other one, or give this one its own --data',
    });
    holder.kill();
    await holder.ended;
    open();
    expect(thrownBy(open)).toMatchObject({ fault: 'user' });
    // The refused attempts of this process have not dropped its lock.
    const second = await child('hold.ts');
    expect(await second.line()).toBe('user');
  });

  it('has everything that a process had sent and put when it was killed', async () => {
    const writer = await child('write.ts');
    const printed: number[] = [];
    while (printed.length < 300) printed.push(Number(await writer.line()));
    writer.kill();
    await writer.ended;
    printed.push(...writer.rest().map(Number));
    const database = open();
    const store = createSqliteStore(database, Date.now);
    const queue = createSqliteQueue(database, Date.now);
    for (const number of printed) {
      expect((await store.get('written', String(number)))?.body).toBe(number);
    }
    const { waiting } = await queue.depth('sync');
    expect(waiting).toBeGreaterThanOrEqual(printed.length);
    for (const number of printed) {
      const [message] = await queue.receive('sync', { limit: 1, waitSeconds: 0, visibilitySeconds: 30 });
      expect(message?.body).toBe(number);
      if (message !== undefined) await queue.acknowledge(message);
    }
  });

  it('of a newer version is refused, and left as it is', () => {
    open().close();
    const sqlite = new DatabaseSync(path);
    sqlite.exec('PRAGMA user_version = 99');
    sqlite.close();
    expect(thrownBy(open)).toMatchObject({
      fault: 'user',
      message: `Cannot open "${path}": it has version 99, this Sluice knows 1`,
    });
    expect(thrownBy(open)).toMatchObject({ message: expect.stringContaining('99') });
  });

  it('that is no database is told as damaged', () => {
    open().close();
    writeFileSync(path, 'this is not a database, but a text of some length that someone put here'.repeat(100));
    expect(thrownBy(open)).toMatchObject({
      fault: 'server',
      message: `Cannot read "${path}": the file is damaged (file is not a database)`,
    });
  });

  it('with a part missing is told as damaged', async () => {
    const first = open();
    const store = createSqliteStore(first, Date.now);
    for (let index = 0; index < 200; index += 1) {
      await store.put({ partition: 'a', sort: String(index), order: 1, body: 'x'.repeat(900) });
    }
    first.close();
    truncateSync(path, 20 * 4096);
    const failure = await rejection(async () => {
      const database = open();
      await createSqliteStore(database, Date.now).query('a', { limit: 1000 });
    });
    expect(failure).toMatchObject({ name: 'Failure', fault: 'server' });
    expect((failure as Failure).message).toMatch(/^Cannot read ".*": the file is damaged \(.+\)$/);
  });

  it('in a place that cannot be written is refused by name', () => {
    writeFileSync(join(directory.path, 'data'), 'a file');
    expect(thrownBy(open)).toMatchObject({
      fault: 'user',
      message: expect.stringMatching(/^Cannot open ".*sluice\.db": E[A-Z]+: /),
      help: 'Give --data a directory that this account can write',
    });
  });

  it('on a full disk refuses the write by name, keeps what was written, and goes on when there is space', async () => {
    const database = open();
    const store = createSqliteStore(database, Date.now);
    const queue = createSqliteQueue(database, Date.now);
    const put = (sort: string) => store.put({ partition: 'a', sort, order: 1, body: 'x'.repeat(1000) });
    await put('before');
    // What SQLite says of a full disk, it says of a file that has all the pages it may have.
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.prepare(`PRAGMA max_page_count = ${pages + 2}`).get();
    const failure = await rejection(async () => {
      for (let index = 0; index < 100; index += 1) await put(`item-${index}`);
    });
    expect(failure).toMatchObject({
      name: 'Failure',
      fault: 'server',
      message: `Cannot write "${path}": the disk is full`,
      help: expect.stringContaining('Free space'),
    });
    const big = Array.from({ length: 50 }, () => ({ body: 'x'.repeat(2000), group: 'a' }));
    expect(await rejection(() => queue.send('sync', big))).toMatchObject({ fault: 'server' });
    expect(await queue.depth('sync')).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
    expect(await store.get('a', 'before')).toBeDefined();
    database.prepare('PRAGMA max_page_count = 100000').get();
    expect(await put('after')).toBe(true);
  });

  it('gives the space of expired items back, a minute later at most', async () => {
    let now = 1_000_000_000;
    const database = open();
    const store = createSqliteStore(database, () => now);
    const expiresAt = now / 1000 + 10;
    for (let index = 0; index < 1500; index += 1) {
      await store.put({ partition: 'a', sort: String(index), order: 1, body: 1, expiresAt });
    }
    const rows = () => Number(database.prepare('SELECT count(*) AS n FROM items').get()?.n);
    now += 61_000;
    await store.put({ partition: 'b', sort: 'kept', order: 1, body: 1 });
    expect(rows()).toBe(501);
    now += 61_000;
    await store.put({ partition: 'b', sort: 'kept', order: 2, body: 1 });
    expect(rows()).toBe(1);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function rejection(work: () => Promise<unknown>): Promise<unknown> {
  return await work().then(
    () => undefined,
    (error: unknown) => error,
  );
}
