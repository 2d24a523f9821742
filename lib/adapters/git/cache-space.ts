import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock } from './lock.ts';

/** The space that all caches of a folder take together. */
export interface CacheSpace {
  /**
   * Keeps the caches of `<prefix>-<kind>.git` until it is disposed of; then all caches are brought below their bound, those that nobody
   * holds, least recently used first.
   */
  hold(prefix: string): AsyncDisposable;
}

const kinds = ['files', 'history'];

interface Measured {
  readonly name: string;
  readonly bytes: number;
  readonly changedAt: number;
  readonly usedAt: number;
}

/** `bytes` is the bound; default half of the disk. */
export function createCacheSpace(folder: string, bytes: number | undefined): CacheSpace {
  const held = new Map<string, number>();
  /** What was measured last, by name: a cache that nobody has fetched into since has not grown. */
  const known = new Map<string, Measured>();
  let isKnown = false;

  async function measureAll(): Promise<void> {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.git'));
    for (const name of known.keys()) if (!names.includes(name)) known.delete(name);
    await Promise.all(names.map(measureAgain));
    isKnown = true;
  }

  async function measureAgain(name: string): Promise<void> {
    const directory = join(folder, name);
    const [changedAt, usedAt] = await Promise.all([timeOf(join(directory, 'objects/pack')), timeOf(directory)]);
    const before = known.get(name);
    const bytes = before?.changedAt === changedAt ? before.bytes : await measure(directory);
    known.set(name, { name, bytes, changedAt, usedAt });
  }

  function total(): number {
    return [...known.values()].reduce((sum, cache) => sum + cache.bytes, 0);
  }

  function isHeld({ name }: Measured): boolean {
    return [...held.keys()].some((prefix) => name.startsWith(prefix));
  }

  async function keepWithin(bound: number): Promise<void> {
    await measureAll();
    for (const cache of [...known.values()].sort((a, b) => a.usedAt - b.usedAt)) {
      if (total() <= bound) return;
      if (isHeld(cache)) continue;
      const directory = join(folder, cache.name);
      // A lock is not waited for: a cache in use is not the least recently used for long.
      await using lock = await acquireLock(`${directory}.lock`, 0).catch(() => undefined);
      if (lock === undefined) continue;
      await rm(directory, { recursive: true, force: true });
      known.delete(cache.name);
    }
  }

  return {
    hold(prefix) {
      held.set(prefix, (held.get(prefix) ?? 0) + 1);
      return {
        async [Symbol.asyncDispose]() {
          const others = (held.get(prefix) ?? 1) - 1;
          if (others > 0) held.set(prefix, others);
          else held.delete(prefix);
          const names = kinds.map((kind) => `${prefix}-${kind}.git`);
          await (isKnown ? Promise.all(names.map(measureAgain)) : measureAll());
          const bound = bytes ?? (await halfOfDisk(folder));
          if (total() > bound) await keepWithin(bound);
        },
      };
    },
  };
}

async function halfOfDisk(folder: string): Promise<number> {
  const disk = await statfs(folder).catch(() => undefined);
  return disk === undefined ? Number.POSITIVE_INFINITY : (disk.blocks * disk.bsize) / 2;
}

async function timeOf(path: string): Promise<number> {
  return await stat(path).then(
    (found) => found.mtimeMs,
    () => 0,
  );
}

async function measure(directory: string): Promise<number> {
  const packs = join(directory, 'objects/pack');
  const names = await readdir(packs).catch(() => []);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(packs, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    (found) => found.size,
    () => 0,
  );
}
