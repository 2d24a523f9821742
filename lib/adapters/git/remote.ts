import { createHash, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadSecret } from '../../app/ports.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { parseAddress } from './address.ts';
import { type Cache, useCache } from './cache.ts';
import type { Git } from './command.ts';
import type { Commits } from './commits.ts';
import { prepareCredentials } from './credentials.ts';
import type { Remote } from './fetch.ts';
import type { GithubApps } from './github-app.ts';
import type { Limits } from './prepare.ts';
import { createView, type View } from './view.ts';

/** What all jobs of one `createGit` share. */
export interface Workshop {
  readonly git: Git;
  readonly path: string;
  readonly jobs: string;
  readonly caches: string;
  readonly cacheBytes: number | undefined;
  readonly readSecret: ReadSecret;
  readonly githubApps: GithubApps;
  readonly allowLocal: boolean;
  /** How long the answer of a server may take: its heads, a fetch. */
  readonly headSeconds: number;
  readonly timeoutSeconds: number;
  readonly limits: Limits;
  readonly commits: Commits;
  /** What other targets read of the same branch, as far as it is known; normal paths. */
  pathsOfOthers(remote: OpenRemote): readonly string[];
}

/** A repository to read: a source, or a submodule, which has no branch. */
export interface Location {
  readonly url: string;
  readonly branch?: string | undefined;
  readonly auth?: Source['auth'];
}

/** A remote with a name for its caches. */
export interface OpenRemote extends Remote {
  readonly cacheName: string;
}

/** Checks the address and puts the credentials into a new folder of `directory`; that folder is the remote's `home`. */
export async function openRemote(
  workshop: Workshop,
  location: Location,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<OpenRemote> {
  const address = parseAddress(location.url, workshop.allowLocal);
  const home = join(directory, `remote-${randomUUID()}`);
  await mkdir(home, { mode: 0o700 });
  const credentials = await prepareCredentials(address, location.auth, join(home, 'credentials'), workshop);
  return {
    git: workshop.git,
    address,
    credentials: credentials.reference,
    environment: credentials.environment,
    branch: location.branch,
    home,
    timeoutSeconds: workshop.timeoutSeconds,
    maxBytes: workshop.limits.checkoutBytes,
    signal,
    cacheName: cacheNameOf(location),
  };
}

/** The same for the same repository and account. */
export function cacheNameOf({ url, auth }: Location): string {
  return createHash('sha256')
    .update(JSON.stringify([url, auth ?? null]))
    .digest('hex')
    .slice(0, 32);
}

/** Calls `use` with the remote's cache of this kind and a new view for it; the view outlives the cache. */
export async function withCache<Result>(
  workshop: Workshop,
  remote: OpenRemote,
  kind: 'files' | 'history',
  use: (cache: Cache, view: View) => Promise<Result>,
): Promise<Result> {
  const cacheOptions = {
    bytes: workshop.cacheBytes,
    lockSeconds: 2 * workshop.timeoutSeconds,
    signal: remote.signal,
  };
  return await useCache(join(workshop.caches, `${remote.cacheName}-${kind}.git`), cacheOptions, async (cache) => {
    const view = await createView({
      git: workshop.git,
      directory: join(remote.home, `view-${randomUUID()}`),
      home: remote.home,
      timeoutSeconds: workshop.timeoutSeconds,
      signal: remote.signal,
    });
    return await use(cache, view);
  });
}
