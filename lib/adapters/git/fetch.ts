import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asFailure, Failure } from '../../domain/failure.ts';
import type { CommandResult } from '../../process.ts';
import { withoutCredentials } from './address.ts';
import type { Git } from './command.ts';
import { type Exchange, gitFailure } from './failures.ts';
import { formatBytes } from './format-bytes.ts';

/** A repository on a server and what is needed to speak with it. */
export interface Remote extends Exchange {
  readonly git: Git;
  readonly environment: Readonly<Record<string, string>>;
  /** The branch that is followed; undefined for a submodule. */
  readonly branch: string | undefined;
  /** A directory for git to run in. */
  readonly home: string;
  readonly timeoutSeconds: number;
  /** Bytes that one fetch may bring. */
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** What is left out: the contents of files, of files and folders (only commits come), or nothing. */
export type Filter = 'blob:none' | 'tree:0' | 'none';

/** Fetches `commit` into the cache: alone with `depth` 1, else with all its history. */
export async function fetchCommit(
  remote: Remote,
  cache: string,
  commit: string,
  options: { readonly filter: Filter; readonly depth?: 1 },
): Promise<void> {
  await fetchRefspec(remote, cache, commit, options);
}

/** Fetches what the branch is at now, and as many commits before it as `depth` says; whole, unless there is a filter. */
export async function fetchBranch(
  remote: Remote,
  cache: string,
  options: { readonly filter?: Filter; readonly depth?: number },
): Promise<void> {
  const from = remote.branch === undefined ? 'HEAD' : `refs/heads/${remote.branch}`;
  await fetchRefspec(remote, cache, from, { filter: 'none', ...options });
}

/** The commit that was fetched last of the branch; undefined if none was. */
export async function fetchedCommit(remote: Remote, cache: string): Promise<string | undefined> {
  const text = await readFile(join(cache, refOf(remote)), 'utf8').catch(() => '');
  return /^[0-9a-f]{40}$/.exec(text.trim())?.[0];
}

/** Fetches single files by their ids: as git itself does it for a partial clone, but many at once. */
export async function fetchBlobs(remote: Remote, cache: string, ids: readonly string[]): Promise<void> {
  const args = [
    '-c',
    'fetch.negotiationAlgorithm=noop',
    ...fetchArguments(remote),
    '--filter=blob:none',
    '--stdin',
    'origin',
  ];
  await exchange('fetch files of', remote, cache, args, `${ids.join('\n')}\n`);
}

async function fetchRefspec(
  remote: Remote,
  cache: string,
  from: string,
  options: { readonly filter: Filter; readonly depth?: number },
): Promise<void> {
  const args = fetchArguments(remote);
  if (options.depth !== undefined) args.push(`--depth=${options.depth}`);
  args.push(options.filter === 'none' ? '--no-filter' : `--filter=${options.filter}`);
  await exchange('fetch', remote, cache, [...args, 'origin', `+${from}:${refOf(remote)}`]);
}

/** What is kept under a name is offered to the server at the next fetch, which then sends only what is new. */
export function refOf({ branch = '' }: Pick<Remote, 'branch'>): string {
  const name = createHash('sha256').update(branch).digest('hex').slice(0, 16);
  return `refs/sluice/${name}`;
}

function fetchArguments(remote: Remote): string[] {
  return ['-c', `remote.origin.url=${remote.address.url}`, 'fetch', '--quiet', '--no-tags', '--no-write-fetch-head'];
}

async function exchange(action: string, remote: Remote, cache: string, args: string[], input?: string): Promise<void> {
  const tooLarge = new AbortController();
  const watch = setInterval(() => {
    incomingBytes(cache).then(
      (bytes) => bytes > remote.maxBytes && tooLarge.abort(),
      () => undefined,
    );
  }, 100);
  try {
    const result = await remote.git(args, {
      ...callOf(remote),
      repository: cache,
      ...(input === undefined ? {} : { input }),
      signal: remote.signal ? AbortSignal.any([remote.signal, tooLarge.signal]) : tooLarge.signal,
    });
    if (result.code !== 0) throw gitFailure(action, remote, result.stderr);
  } catch (error) {
    if (tooLarge.signal.aborted) {
      const url = withoutCredentials(remote.address.url);
      throw new Failure('user', `Cannot ${action} "${url}": more than ${formatBytes(remote.maxBytes)} come`, {
        code: 'TooLarge',
        help: 'Narrow source.paths to what the target renders',
      });
    }
    throw slow(action, remote, error);
  } finally {
    clearInterval(watch);
  }
}

/** Bytes that git has received of a pack that is not complete yet. */
async function incomingBytes(cache: string): Promise<number> {
  const folder = join(cache, 'objects/pack');
  let bytes = 0;
  for (const name of await readdir(folder)) {
    if (name.startsWith('tmp_pack_')) bytes += (await stat(join(folder, name))).size;
  }
  return bytes;
}

export interface RemoteRef {
  readonly commit: string;
  readonly name: string;
}

/** What `git ls-remote` shows for the patterns, which match from the end of a name. */
export async function listRefs(remote: Remote, patterns: readonly string[]): Promise<readonly RemoteRef[]> {
  let result: CommandResult;
  try {
    result = await remote.git(['ls-remote', '--quiet', '--', remote.address.url, ...patterns], {
      ...callOf(remote),
      signal: remote.signal,
    });
  } catch (error) {
    throw slow('read', remote, error);
  }
  if (result.code !== 0) throw gitFailure('read', remote, result.stderr);
  const lines = result.stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => ({ commit: line.slice(0, 40), name: line.slice(41) }));
}

function callOf(remote: Remote) {
  return { directory: remote.home, environment: remote.environment, timeoutSeconds: remote.timeoutSeconds };
}

/** What a server that needs too long makes of `error`. */
export function slow(action: string, remote: Remote, error: unknown): unknown {
  if (asFailure(error).code !== 'Timeout') return error;
  const url = withoutCredentials(remote.address.url);
  return new Failure('server', `Cannot ${action} "${url}": the server needs more than ${remote.timeoutSeconds} s`, {
    code: 'Unreachable',
    cause: error,
  });
}
