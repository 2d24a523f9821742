import { createHash, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadSecret } from '../../app/ports.ts';
import { asFailure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { parseAddress } from './address.ts';
import { type Cache, type CacheOptions, discardCache, useCache } from './cache.ts';
import type { CacheSpace } from './cache-space.ts';
import type { Git } from './command.ts';
import type { Commits } from './commits.ts';
import { prepareCredentials } from './credentials.ts';
import type { Remote } from './fetch.ts';
import type { GithubApps } from './github-app.ts';
import type { ObjectPool } from './object-pool.ts';

export interface Limits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files of a checkout, and of one fetch. */
  readonly checkoutBytes: number;
}

/** What all jobs of one `createGit` share. */
export interface Workshop {
  readonly git: Git;
  readonly path: string;
  readonly jobs: string;
  readonly caches: string;
  readonly space: CacheSpace;
  readonly objects: ObjectPool;
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

export type CacheKind = 'files' | 'history';

/** The directory of the remote's cache of this kind. */
export function cacheOf(workshop: Workshop, remote: OpenRemote, kind: CacheKind): string {
  return join(workshop.caches, `${remote.cacheName}-${kind}.git`);
}

/** Calls `use` with the remote's cache of this kind, to fetch into it. */
export async function withCache<Result>(
  workshop: Workshop,
  remote: OpenRemote,
  kind: CacheKind,
  use: (cache: Cache) => Promise<Result>,
): Promise<Result> {
  return await useCache(cacheOf(workshop, remote, kind), cacheOptions(workshop, remote), use);
}

/** Does what reads a cache. If git refuses the cache (code `GitFailed`), it is discarded, and all of it is done once more. */
export async function healing<Result>(
  workshop: Workshop,
  remote: OpenRemote,
  kind: CacheKind,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (asFailure(error).code !== 'GitFailed') throw error;
    const directory = cacheOf(workshop, remote, kind);
    workshop.objects.drop(directory);
    await discardCache(directory, cacheOptions(workshop, remote));
    return await work();
  }
}

function cacheOptions({ timeoutSeconds }: Workshop, { signal }: OpenRemote): CacheOptions {
  return { lockSeconds: 2 * timeoutSeconds, signal };
}
