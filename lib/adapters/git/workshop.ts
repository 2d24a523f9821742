import { join } from 'node:path';
import type { ReadSecret } from '../../app/ports.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { createCacheSpace } from './cache-space.ts';
import { createGitCommand } from './command.ts';
import { createCommits } from './commits.ts';
import { createGithubApps } from './github-app.ts';
import { createObjectPool } from './object-pool.ts';
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

export function createWorkshop(options: GitOptions): Workshop {
  const path = options.path ?? '/usr/local/bin:/usr/bin:/bin';
  const paths = groupPaths(options.sources ?? []);
  const setup = { path, environment: options.environment ?? {} };
  const caches = join(options.scratch, 'git', 'caches');
  return {
    git: createGitCommand(setup),
    path,
    jobs: join(options.scratch, 'git', 'jobs'),
    caches,
    space: createCacheSpace(caches, options.cacheBytes),
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
}

/** The paths of all sources of a repository and branch, by the cache they share. */
function groupPaths(sources: readonly Source[]): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(sources, (source) => `${cacheNameOf(source)} ${source.branch}`);
  return new Map(
    [...groups].map(([key, group]) => [key, [...new Set(group.flatMap((source) => source.paths.map(normalPath)))]]),
  );
}
