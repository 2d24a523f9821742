import { spawn } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { acquireLock } from '../../../lib/adapters/git/lock.ts';
import { isAlive, ownProcess } from '../../../lib/adapters/git/owner.ts';
import { failureOf, temporaryFolder } from './shared.ts';

it('a lock is held by one at a time, and nothing is left of it', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'cache.lock');
  let inside = 0;
  let most = 0;
  async function work(): Promise<void> {
    await using _lock = await acquireLock(file, 20);
    inside++;
    most = Math.max(most, inside);
    await sleep(5);
    inside--;
  }
  await Promise.all(Array.from({ length: 8 }, work));
  expect(most).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

it('the lock of a process that was killed is taken over by one of many', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'cache.lock');
  const holder = join(import.meta.dirname, 'hold-lock.ts');
  const child = spawn(process.execPath, [holder, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect((await failureOf(acquireLock(file, 0.1))).message).toMatch(/another sync has held its cache/);

  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  let inside = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      await using _lock = await acquireLock(file, 20);
      expect(++inside).toBe(1);
      await sleep(10);
      inside--;
    }),
  );
  expect(await readdir(folder)).toEqual([]);
});

it('waiting for a lock ends with the run', async () => {
  const file = join(await temporaryFolder(), 'cache.lock');
  await using _lock = await acquireLock(file, 1);
  const failure = await failureOf(acquireLock(file, 60, AbortSignal.timeout(50)));
  expect(failure.code).toBe('Aborted');
});

it('a process counts as dead when its id is in use again', async () => {
  const [pid] = ownProcess.split('-');
  expect(isAlive(ownProcess)).toBe(true);
  expect(isAlive(`${pid}-1`)).toBe(false);
  const file = join(await temporaryFolder(), 'cache.lock');
  await writeFile(file, `${pid}-1-x`);
  await using _lock = await acquireLock(file, 1);
});
