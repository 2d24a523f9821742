import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { isAlive, ownProcess } from './owner.ts';

const pollMilliseconds = 25;

/** Who waits in this process, by file: they need not poll for one another. */
const waiting = new Map<string, Set<() => void>>();

/**
 * Holds the lock `file` until disposed, in this process and across processes. The lock of a process that has died is taken over.
 * Throws a `server` Failure when it is still held after `timeoutSeconds`, or on abort.
 */
export async function acquireLock(
  file: string,
  timeoutSeconds: number,
  signal?: AbortSignal,
): Promise<AsyncDisposable> {
  const mark = `${ownProcess}-${randomUUID()}`;
  const mine = `${file}.${mark}`;
  await writeFile(mine, mark, { mode: 0o600 });
  try {
    for (const end = Date.now() + timeoutSeconds * 1000; ; await released(file)) {
      // A link is made whole or not at all: nobody ever reads a lock without an owner.
      if (await succeeds(link(mine, file), 'EEXIST')) {
        return {
          async [Symbol.asyncDispose]() {
            await rm(file, { force: true });
            for (const wake of waiting.get(file) ?? []) wake();
          },
        };
      }
      await removeIfDead(file);
      if (signal?.aborted)
        throw new Failure('server', 'Cannot read the repository: the run was stopped', { code: 'Aborted' });
      if (Date.now() > end) {
        throw new Failure(
          'server',
          `Cannot read the repository: another sync has held its cache for ${timeoutSeconds} s`,
        );
      }
    }
  } finally {
    await rm(mine, { force: true });
  }
}

/** Until the lock is given back in this process, or it is time to look whether it was in another. */
async function released(file: string): Promise<void> {
  const woken = new AbortController();
  const wake = () => woken.abort();
  const waiters = waiting.get(file) ?? new Set();
  waiting.set(file, waiters.add(wake));
  await sleep(pollMilliseconds, undefined, { signal: woken.signal }).catch(() => undefined);
  waiters.delete(wake);
  if (waiters.size === 0) waiting.delete(file);
}

async function removeIfDead(file: string): Promise<void> {
  const owner = await readFile(file, 'utf8').catch(() => undefined);
  if (owner === undefined || isAlive(owner)) return;
  const taken = `${file}.${ownProcess}-${randomUUID()}`;
  if (!(await succeeds(rename(file, taken), 'ENOENT'))) return;
  // Between the look and the rename another may have taken it over: then it is given back.
  if ((await readFile(taken, 'utf8')) !== owner) await succeeds(link(taken, file), 'EEXIST');
  await rm(taken, { force: true });
}

/** False if the operation fails with `code`; any other error is thrown. */
async function succeeds(operation: Promise<unknown>, code: string): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}
