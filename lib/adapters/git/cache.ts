import { mkdir, readdir, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asFailure } from '../../domain/failure.ts';
import { acquireLock } from './lock.ts';

/** A bare repository that keeps what was fetched from one server with one account, so that the next fetch is incremental. */
export interface Cache {
  readonly directory: string;
  /** The server gives neither single commits nor single files: whole branches are fetched. */
  readonly plain: boolean;
  /** Nothing was fetched into it yet. */
  readonly isNew: boolean;
}

export interface CacheOptions {
  /** Bytes that all caches together may take; default half of the disk. */
  readonly bytes: number | undefined;
  readonly lockSeconds: number;
  readonly signal: AbortSignal | undefined;
}

/** Each fetch adds a pack or two; past this many a new clone is cheaper than reading them all. */
const maxPacks = 64;

/**
 * Calls `use` with the cache `directory`, which nobody else touches meanwhile. A cache that git refuses (a Failure with code `GitFailed`)
 * is discarded, and `use` called once more with an empty one; so it is, with `plain`, if the server gives only whole branches
 * (`Unadvertised`). Afterwards the caches together are brought below their bound, least recently used first.
 */
export async function useCache<Result>(
  directory: string,
  options: CacheOptions,
  use: (cache: Cache) => Promise<Result>,
): Promise<Result> {
  const folder = dirname(directory);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await using _lock = await acquireLock(`${directory}.lock`, options.lockSeconds, options.signal);
  try {
    const cache = await openCache(directory);
    try {
      return await use(cache);
    } catch (error) {
      const code = asFailure(error).code;
      if (code === 'Unadvertised' && !cache.plain) return await use(await createCache(directory, true));
      if (code !== 'GitFailed' || cache.isNew) throw error;
      return await use(await createCache(directory, cache.plain));
    }
  } finally {
    await removeLeftovers(directory);
    await keepWithin(folder, directory, options.bytes ?? (await halfOfDisk(folder)));
  }
}

async function openCache(directory: string): Promise<Cache> {
  const names = await readdir(directory).catch(() => undefined);
  if (names === undefined) return await createCache(directory, false);
  const plain = names.includes('plain');
  const packs = await readdir(join(directory, 'objects/pack')).catch(() => undefined);
  if (packs === undefined || packs.filter((name) => name.endsWith('.pack')).length > maxPacks)
    return await createCache(directory, plain);
  await removeLeftovers(directory);
  const now = new Date();
  await utimes(directory, now, now);
  return { directory, plain, isNew: false };
}

async function createCache(directory: string, plain: boolean): Promise<Cache> {
  await rm(directory, { recursive: true, force: true });
  await createRepository(directory);
  if (plain) await writeFile(join(directory, 'plain'), '');
  return { directory, plain, isNew: true };
}

/** The least that git takes for a bare repository (gitrepository-layout(5)); no template, hook or setting gets in. */
export async function createRepository(directory: string): Promise<void> {
  await mkdir(join(directory, 'objects/pack'), { recursive: true, mode: 0o700 });
  await mkdir(join(directory, 'refs'), { mode: 0o700 });
  await writeFile(join(directory, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
  await writeFile(join(directory, 'HEAD'), 'ref: refs/heads/none\n');
}

/** The holder of the lock is the only one here, so git's own lock files and half-written packs are those of dead processes. */
async function removeLeftovers(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true }).catch(() => []);
  for (const path of entries) {
    if (/(\.lock|(^|\/)tmp_[^/]*)$/.test(path)) await rm(join(directory, path), { recursive: true, force: true });
  }
}

async function halfOfDisk(folder: string): Promise<number> {
  const disk = await statfs(folder);
  return (disk.blocks * disk.bsize) / 2;
}

async function keepWithin(folder: string, own: string, bytes: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.git'));
  const caches = await Promise.all(names.map(async (name) => await measure(join(folder, name))));
  let total = caches.reduce((sum, cache) => sum + cache.bytes, 0);
  // Its own comes last: it is the most recently used.
  for (const cache of caches.sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= bytes) return;
    // Another's lock is not waited for: a cache in use is not the least recently used for long.
    await using lock =
      cache.directory === own ? undefined : await acquireLock(`${cache.directory}.lock`, 0).catch(() => undefined);
    if (lock === undefined && cache.directory !== own) continue;
    await rm(cache.directory, { recursive: true, force: true });
    total -= cache.bytes;
  }
}

async function measure(directory: string): Promise<{ directory: string; bytes: number; usedAt: number }> {
  const packs = join(directory, 'objects/pack');
  const names = await readdir(packs).catch(() => []);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(packs, name))));
  const usedAt = await stat(directory).then(
    (found) => found.mtimeMs,
    () => 0,
  );
  return { directory, bytes: sizes.reduce((sum, size) => sum + size, 0), usedAt };
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    (found) => found.size,
    () => 0,
  );
}
