import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createRepository } from './cache.ts';
import { commandLine, type GitSetup } from './command.ts';
import { type CommandLine, createObjects, type Objects } from './objects.ts';

/** The objects of each cache, by its directory. */
export interface ObjectPool {
  of(cache: string): Objects;
  /** What was read of a cache is no longer there. */
  drop(cache: string): void;
}

/**
 * Reads caches through the repository `empty`, whose objects are then elsewhere: git takes a repository with a promisor remote, as a cache
 * becomes by a filtered fetch, for one that may fetch what is missing.
 */
export function createObjectPool(setup: GitSetup, empty: string): ObjectPool {
  const pool = new Map<string, Objects>();
  let created: Promise<void> | undefined;

  async function read(cache: string): Promise<CommandLine | undefined> {
    const objects = join(cache, 'objects');
    if (!(await exists(objects))) return undefined;
    created ??= createRepository(empty);
    await created;
    const call = { directory: empty, repository: empty, environment: { GIT_OBJECT_DIRECTORY: objects } };
    return { ...commandLine(setup, ['cat-file', '--batch-command', '--buffer'], call), directory: empty };
  }

  return {
    of(cache) {
      const objects = pool.get(cache) ?? createObjects(() => read(cache));
      pool.set(cache, objects);
      return objects;
    },
    drop(cache) {
      pool.get(cache)?.close();
      pool.delete(cache);
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
