import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
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
  readonly lockSeconds: number;
  readonly signal: AbortSignal | undefined;
}

/** Each fetch adds a pack or two; past this many a new clone is cheaper than reading them all. */
const maxPacks = 64;

/**
 * Calls `use` with the cache `directory`, into which nobody else fetches meanwhile; once more with an empty one, `plain`, if the server
 * gives only whole branches (`Unadvertised`).
 */
export async function useCache<Result>(
  directory: string,
  options: CacheOptions,
  use: (cache: Cache) => Promise<Result>,
): Promise<Result> {
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  await using _lock = await lockCache(directory, options);
  try {
    const cache = await openCache(directory);
    try {
      return await use(cache);
    } catch (error) {
      if (asFailure(error).code !== 'Unadvertised' || cache.plain) throw error;
      return await use(await createCache(directory, true));
    }
  } finally {
    await removeLeftovers(directory);
  }
}

/** Empties a cache that git refuses; it stays what it is, plain or not. */
export async function discardCache(directory: string, options: CacheOptions): Promise<void> {
  await using _lock = await lockCache(directory, options);
  const names = await readdir(directory).catch(() => undefined);
  if (names !== undefined) await createCache(directory, names.includes('plain'));
}

async function lockCache(directory: string, { lockSeconds, signal }: CacheOptions): Promise<AsyncDisposable> {
  return await acquireLock(`${directory}.lock`, lockSeconds, signal);
}

async function openCache(directory: string): Promise<Cache> {
  const names = await readdir(directory).catch(() => undefined);
  if (names === undefined) return await createCache(directory, false);
  const plain = names.includes('plain');
  const packs = await readdir(join(directory, 'objects/pack')).catch(() => undefined);
  const count = packs?.filter((name) => name.endsWith('.pack')).length ?? 0;
  if (packs === undefined || count > maxPacks) return await createCache(directory, plain);
  await removeLeftovers(directory);
  const now = new Date();
  await utimes(directory, now, now);
  return { directory, plain, isNew: count === 0 };
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
  await mkdir(join(directory, 'refs'), { recursive: true, mode: 0o700 });
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
