import { link, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createRepository } from './cache.ts';
import type { Git } from './command.ts';
import type { CommitTree } from './commits.ts';
import { localFailure } from './failures.ts';
import { parseTree, type TreeEntry } from './tree.ts';

/**
 * A bare repository of one job that shares the packs of a cache by hard links: it stays whole when the cache goes, concurrent jobs have
 * an index each, and git never fetches from it what is missing. Every method throws a Failure with code `GitFailed` if git refuses.
 */
export interface View {
  readonly directory: string;
  /** Takes in what the cache got since. */
  refresh(cache: string): Promise<void>;
  /** Whether the commit is here; its folders and files may not be. */
  has(commit: string): Promise<boolean>;
  tree(commit: string): Promise<CommitTree>;
  /** Bytes of each blob that is here, by id. */
  sizes(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The contents of blobs that are here, by id. */
  contents(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
  /** Writes the entries as files and links into the empty folder `directory`. */
  write(entries: readonly TreeEntry[], directory: string): Promise<void>;
  run(args: readonly string[], options?: ViewCall): Promise<Buffer>;
}

export interface ViewCall {
  readonly directory?: string;
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
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
    refresh: (cache) => shareFiles(join(cache, 'objects/pack'), join(directory, 'objects/pack')),
    has: async (commit) => (await attempt(['cat-file', '-e', commit])).code === 0,
    async tree(commit) {
      const [id, listing] = await Promise.all([
        run(['rev-parse', '--verify', `${commit}^{tree}`]),
        run(['ls-tree', '-r', '-t', '-z', '--full-tree', commit]),
      ]);
      return { id: id.toString('utf8').trim(), entries: parseTree(listing) };
    },
    async sizes(ids) {
      const output = await run(['cat-file', '--batch-check'], { input: lines(ids) });
      const found = new Map<string, number>();
      for (const line of output.toString('utf8').split('\n')) {
        const [id = '', type, size] = line.split(' ');
        if (type === 'blob') found.set(id, Number(size));
      }
      return found;
    },
    contents: async (ids) => parseBatch(await run(['cat-file', '--batch'], { input: lines(ids) })),
    async write(entries, target) {
      const environment = { GIT_INDEX_FILE: join(directory, 'index'), GIT_WORK_TREE: target, HOME: options.home };
      const index = entries.map((entry) => `${entry.mode} ${entry.id}\t${entry.path}\0`).join('');
      await run(['update-index', '-z', '--index-info'], { input: index, environment });
      await run(['checkout-index', '--all', '--quiet'], { environment, directory: target });
    },
  };
}

function lines(ids: readonly string[]): string {
  return ids.map((id) => `${id}\n`).join('');
}

/** `<id> <type> <size>\n<contents>\n` for each object, `<id> missing\n` for one that is not here: git-cat-file(1). */
function parseBatch(output: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf('\n', at);
    const [id = '', , size = '-1'] = output.subarray(at, end).toString('latin1').split(' ');
    const next = end + 1 + Number(size);
    found.set(id, output.subarray(end + 1, next));
    at = next + 1;
  }
  return found;
}

/** Indexes come last: git takes a pack for complete when its index is there. */
async function shareFiles(from: string, to: string): Promise<void> {
  const there = new Set(await readdir(to));
  const names = (await readdir(from)).filter((name) => /^pack-.*\.(pack|rev|idx)$/.test(name) && !there.has(name));
  for (const name of names.sort((a, b) => Number(a.endsWith('.idx')) - Number(b.endsWith('.idx'))))
    await link(join(from, name), join(to, name));
}
