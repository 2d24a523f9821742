import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

import { Failure } from '../../domain/failure.ts';
import { databaseFailure, openFailure } from './database-failure.ts';
import { openDisk } from './disk.ts';
import { schema } from './schema.ts';

/** The one SQLite file of `sluice serve`, owned by this process alone. */
export interface Database extends Disposable {
  /** For statements that are kept and run many times. */
  prepare(sql: string): StatementSync;
  /** Runs `work`; what SQLite throws becomes a `server` Failure (full disk, damaged file, …). */
  read<T>(work: () => T): T;
  /**
   * All of what `work` does is on disk when this resolves, or nothing is: it survives a kill -9 and a power cut. It is one transaction with
   * all that comes in the same turn of the event loop, and shares the wait for the disk with all that comes during the wait before.
   */
  write<T>(work: () => T): Promise<T>;
  /**
   * Like `write`, without waiting for the disk: a kill -9 keeps it, a power cut may undo it as if it had not happened. For what is
   * done again by itself, such as the claim of a message.
   */
  writeSoon<T>(work: () => T): T;
  close(): void;
}

interface Waiting {
  readonly work: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const lockTimeoutMs = 500;

/**
 * Opens or creates the database file and takes it for this process until `close` or the end of the process, however that comes.
 * Throws a `user` Failure if another process has it or the directory cannot be written, a `server` Failure if the file is damaged.
 */
export function openDatabase(path: string): Database {
  try {
    createPrivately(path);
    const sqlite = new DatabaseSync(path, { timeout: lockTimeoutMs });
    try {
      configure(sqlite, path);
    } catch (error) {
      sqlite.close();
      throw error;
    }
    return wrap(sqlite, path);
  } catch (error) {
    throw error instanceof Failure ? error : openFailure(error, path);
  }
}

/** SQLite creates files as the umask says; what is in this one is for its owner. A file that is there is not opened: closing it would drop this process's locks. */
function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Set before the first access, EXCLUSIVE makes the first write lock the file until it is closed, and WAL do without shared memory. NORMAL
 * appends to the WAL without a wait, which would hold the event loop for as long as the disk takes: `write` waits beside it. A power cut loses
 * the end of the WAL, never its middle (https://www.sqlite.org/wal.html).
 */
function configure(sqlite: DatabaseSync, path: string): void {
  sqlite.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON',
  );
  sqlite.exec('BEGIN EXCLUSIVE');
  const found = Number(sqlite.prepare('PRAGMA user_version').get()?.user_version);
  if (found > schema.length) {
    throw new Failure('user', `Cannot open "${path}": it has version ${found}, this Sluice knows ${schema.length}`, {
      help: 'A newer Sluice wrote this file: run that version, or give this one its own --data',
    });
  }
  for (const step of schema.slice(found)) sqlite.exec(step);
  sqlite.exec(`PRAGMA user_version = ${schema.length}; COMMIT; PRAGMA synchronous = NORMAL`);
}

function wrap(sqlite: DatabaseSync, path: string): Database {
  const disk = openDisk(`${path}-wal`);

  function read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw databaseFailure(error, path);
    }
  }

  function transaction<T>(work: () => T): T {
    sqlite.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      sqlite.exec('COMMIT');
      return result;
    } catch (error) {
      if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
      throw error;
    }
  }

  let waiting: Waiting[] = [];

  async function writeWaiting(): Promise<void> {
    const batch = waiting;
    waiting = [];
    try {
      const results = read(() => transaction(() => batch.map(({ work }) => work())));
      await disk.flushed();
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]);
    } catch (error) {
      for (const { reject } of batch) reject(databaseFailure(error, path));
    }
  }

  function write<T>(work: () => T): Promise<T> {
    if (waiting.length === 0) setImmediate(writeWaiting);
    return new Promise<T>((resolve, reject) => {
      waiting.push({ work, resolve: (result) => resolve(result as T), reject });
    });
  }

  function close(): void {
    if (!sqlite.isOpen) return;
    sqlite.close();
    disk.close();
  }

  return {
    prepare: (sql) => read(() => sqlite.prepare(sql)),
    read,
    write,
    writeSoon: (work) => read(() => transaction(work)),
    close,
    [Symbol.dispose]: close,
  };
}
