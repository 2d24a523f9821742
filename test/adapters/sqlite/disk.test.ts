import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDisk } from '../../../lib/adapters/sqlite/disk.ts';
import { createDirectory, type Directory } from './directory.ts';

let directory: Directory;
beforeEach(() => {
  directory = createDirectory();
});
afterEach(() => directory[Symbol.dispose]());

it('who calls while a flush is under way shares the next one, and no flush begins before it was asked for', async () => {
  const path = join(directory.path, 'file');
  const file = openSync(path, 'w');
  writeSync(file, 'written');
  const disk = openDisk(path);
  const first = disk.flushed();
  // It has begun: a flush of before does not tell of what is written now.
  await Promise.resolve();
  const [second, third] = [disk.flushed(), disk.flushed()];
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  await Promise.all([first, second]);
  disk.close();
  closeSync(file);
});

it('a flush that fails fails for those who waited for it, and the next one is tried', async () => {
  const path = join(directory.path, 'file');
  closeSync(openSync(path, 'w'));
  const disk = openDisk(path);
  disk.close();
  for (let attempt = 0; attempt < 2; attempt++) await expect(disk.flushed()).rejects.toThrow('EBADF');
});
