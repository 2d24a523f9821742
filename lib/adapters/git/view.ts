import { copyFile, link, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createRepository } from './cache.ts';
import type { Git } from './command.ts';
import { localFailure } from './failures.ts';

/**
 * A bare repository of one job that shares the packs of a cache by hard links: it stays whole when the cache goes, concurrent jobs have
 * an index each, and git never fetches from it what is missing. Every method throws a Failure with code `GitFailed` if git refuses.
 */
export interface View {
  readonly directory: string;
  /** Takes in what the cache got since, and where its history ends. */
  refresh(cache: string): Promise<void>;
  /** Whether the commit is here; its folders and files may not be. */
  has(commit: string): Promise<boolean>;
  run(args: readonly string[], options?: ViewCall): Promise<Buffer>;
}

export interface ViewCall {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface ViewOptions {
  readonly git: Git;
  readonly directory: string;
  readonly home: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal | undefined;
}

export async function createView(options: ViewOptions): Promise<View> {
  const { directory } = options;
  await createRepository(directory);

  async function attempt(args: readonly string[], call: ViewCall = {}) {
    return await options.git(args, {
      repository: directory,
      directory: options.home,
      timeoutSeconds: options.timeoutSeconds,
      signal: options.signal,
      ...call,
    });
  }
  async function run(args: readonly string[], call: ViewCall = {}): Promise<Buffer> {
    const result = await attempt(args, call);
    if (result.code === 0) return result.stdout;
    throw localFailure(args[0] ?? '', result.stderr);
  }

  return {
    directory,
    run,
    async refresh(cache) {
      await shareFiles(join(cache, 'objects/pack'), join(directory, 'objects/pack'));
      await copyFile(join(cache, 'shallow'), join(directory, 'shallow')).catch(() => undefined);
    },
    has: async (commit) => (await attempt(['cat-file', '-e', commit])).code === 0,
  };
}

/** Indexes come last: git takes a pack for complete when its index is there. */
async function shareFiles(from: string, to: string): Promise<void> {
  const there = new Set(await readdir(to));
  const names = (await readdir(from)).filter((name) => /^pack-.*\.(pack|rev|idx)$/.test(name) && !there.has(name));
  for (const name of names.sort((a, b) => Number(a.endsWith('.idx')) - Number(b.endsWith('.idx'))))
    await link(join(from, name), join(to, name));
}
