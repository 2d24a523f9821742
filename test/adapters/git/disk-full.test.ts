import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRepository } from '../../parts/repository.ts';
import { run } from '../../parts/run.ts';
import { checkOut, failureOf, source, temporaryFolder, testGit, world } from './shared.ts';

// A real full disk needs a file system of its own, and that needs root.
const mayMount = process.getuid?.() === 0;
let disk: string;

beforeAll(async () => {
  if (!mayMount) return;
  disk = join(tmpdir(), `sluice-disk-${process.pid}`);
  await mkdir(disk);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
});
afterAll(async () => {
  if (!mayMount) return;
  // A program that read a cache on it may stay for some seconds.
  await run('umount', ['--lazy', disk]);
  await run('rmdir', [disk]);
});

it.skipIf(!mayMount).each([
  ['while it is fetched', randomBytes(3_000_000)],
  ['while it is written', 'x'.repeat(3_000_000)],
])('a disk that fills %s is said to be full', async (_when, contents) => {
  const repository = await createRepository(await temporaryFolder());
  const commit = await repository.commit({ 'large.bin': contents });
  const { git } = await testGit({ scratch: disk });
  const failure = await failureOf(checkOut(git, source(repository.url), commit, { submodules: false }));
  expect(failure.fault).toBe('server');
  expect(failure.code).toBe('DiskFull');
  expect(failure.message).toMatch(/: the scratch disk is full$/);
  // What was begun is cleared away: the next, smaller one fits.
  const smaller = await repository.commit({ 'large.bin': 'small' });
  await using checkout = await checkOut(git, source(repository.url), smaller, { submodules: false });
  expect(checkout.commit).toBe(smaller);
});

it.skipIf(!mayMount)('a disk that is full before anything is read is said to be full', async () => {
  await using shop = await world({ scratch: disk });
  const commit = await shop.repository.commit({ 'a.txt': 'a' });
  const filler = join(disk, 'filler');
  await writeFile(filler, randomBytes(2_000_000)).catch(() => undefined);
  try {
    const full = { code: 'DiskFull', fault: 'server' };
    expect(await failureOf(shop.test.git.head(shop.source))).toMatchObject(full);
    expect(await failureOf(checkOut(shop.test.git, shop.source, commit, { submodules: false }))).toMatchObject(full);
  } finally {
    await rm(filler);
  }
});
