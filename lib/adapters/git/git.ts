import { join } from 'node:path';
import type { Checkout, CheckoutOptions, Git, HeadOptions, ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { createCacheSpace } from './cache-space.ts';
import { createGitCommand } from './command.ts';
import { createCommits } from './commits.ts';
import { fullDisk } from './failures.ts';
import { fetchHead, findHeads, noBranch } from './find-head.ts';
import { createGithubApps } from './github-app.ts';
import { createHeads } from './heads.ts';
import { openJob } from './job.ts';
import { createObjectPool } from './object-pool.ts';
import { openCheckout } from './open-checkout.ts';
import { cacheNameOf, type Workshop } from './remote.ts';
import { normalPath } from './tree.ts';

export interface GitOptions {
  /** A folder for caches and jobs, made if it is not there; below it everything is 0700. */
  readonly scratch: string;
  readonly readSecret: ReadSecret;
  /** Local runs: `file://` and `http://` to any host are allowed. */
  readonly allowLocal: boolean;
  /** PATH of git, ssh, gpg. Default `/usr/local/bin:/usr/bin:/bin`. */
  readonly path?: string;
  /** What a bundled git needs beside (GIT_EXEC_PATH, GIT_SSL_CAINFO, proxies). No secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How long the answer of a server to `head` and to one fetch may take. Default 30 and 300. */
  readonly headSeconds?: number;
  readonly fetchSeconds?: number;
  /** Bytes of a file (default 50 MiB), of a checkout or a fetch (1 GiB), of all caches (half of the disk). */
  readonly fileBytes?: number;
  readonly checkoutBytes?: number;
  readonly cacheBytes?: number;
  /** All that are read with this: what one fetches, it fetches for those of the same repository and branch. */
  readonly sources?: readonly Source[];
  /** Epoch milliseconds, by the clock that says when deliveries arrived: answers of servers are then shared between targets. */
  readonly clock?: () => number;
  /** The API that gives tokens of GitHub Apps, instead of the one of the repository's host. */
  readonly githubApi?: string;
}

/**
 * Reads repositories with the git binary, 2.39 or newer (DESIGN §4). Beside what the port says, a Failure of `checkout` has the code
 * `Moved` when the commit is no longer at the server (resolve the head again), `NotVerified` for signatures, `DiskFull`, `TooLarge`.
 */
export function createGit(options: GitOptions): Git {
  const path = options.path ?? '/usr/local/bin:/usr/bin:/bin';
  const paths = groupPaths(options.sources ?? []);
  const setup = { path, environment: options.environment ?? {} };
  const caches = join(options.scratch, 'git', 'caches');
  const space = createCacheSpace(caches, options.cacheBytes);
  const workshop: Workshop = {
    git: createGitCommand(setup),
    path,
    jobs: join(options.scratch, 'git', 'jobs'),
    caches,
    objects: createObjectPool(setup, join(options.scratch, 'git', 'empty')),
    readSecret: options.readSecret,
    githubApps: createGithubApps(options.readSecret, options.githubApi),
    allowLocal: options.allowLocal,
    headSeconds: options.headSeconds ?? 30,
    timeoutSeconds: options.fetchSeconds ?? 300,
    limits: { fileBytes: options.fileBytes ?? 50 * 1024 ** 2, checkoutBytes: options.checkoutBytes ?? 1024 ** 3 },
    commits: createCommits(),
    pathsOfOthers: ({ cacheName, branch }) => paths.get(`${cacheName} ${branch}`) ?? [],
  };
  const askOnce = createHeads(options.clock ?? Date.now);

  async function head(source: Source, { since, signal }: HeadOptions = {}): Promise<string> {
    const commit = await askOnce({
      key: cacheNameOf(source),
      branch: source.branch,
      // Where deliveries have another clock, only an answer from now on is certain to be newer.
      since: options.clock && since,
      signal,
      ask: (branches, stopped) => askHeads(source, branches, stopped, since !== undefined),
    });
    if (commit === undefined) throw await noBranch(workshop, source, signal);
    return commit;
  }

  /** After a push there is something to fetch. */
  async function askHeads(
    source: Source,
    branches: ReadonlySet<string>,
    signal: AbortSignal,
    isPush: boolean,
  ): Promise<ReadonlyMap<string, string>> {
    const fetched = isPush && branches.size === 1 ? await fetchHead(workshop, source, signal) : undefined;
    if (fetched !== undefined) return new Map([[source.branch, fetched]]);
    return await findHeads(workshop, source, branches, signal);
  }

  async function checkout(source: Source, commit: string, request: CheckoutOptions): Promise<Checkout> {
    const job = await openJob(workshop.jobs);
    const held = space.hold(cacheNameOf(source));
    async function close(): Promise<void> {
      await job[Symbol.asyncDispose]();
      await held[Symbol.asyncDispose]();
    }
    try {
      const { write, ...opened } = await openCheckout(workshop, job, source, commit, request);
      return { ...opened, write: explaining(write), [Symbol.asyncDispose]: close };
    } catch (error) {
      await close();
      throw error;
    }
  }
  return { head: explaining(head), checkout: explaining(checkout) };
}

/** The paths of all sources of a repository and branch, by the cache they share. */
function groupPaths(sources: readonly Source[]): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(sources, (source) => `${cacheNameOf(source)} ${source.branch}`);
  return new Map(
    [...groups].map(([key, group]) => [key, [...new Set(group.flatMap((source) => source.paths.map(normalPath)))]]),
  );
}

/** What a full disk throws without a word of its own is said to be one. */
function explaining<Arguments extends unknown[], Result>(
  read: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    try {
      return await read(...args);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException | undefined)?.code;
      throw !(error instanceof Failure) && (code === 'ENOSPC' || code === 'EDQUOT') ? fullDisk(error) : error;
    }
  };
}
