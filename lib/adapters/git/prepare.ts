import { asFailure, Failure } from '../../domain/failure.ts';
import { withoutCredentials } from './address.ts';
import type { Cache } from './cache.ts';
import type { Commits, CommitTree } from './commits.ts';
import { fetchBlobs, fetchBranch, fetchCommit, type Remote } from './fetch.ts';
import { formatBytes } from './format-bytes.ts';
import { type Links, resolvePath } from './links.ts';
import { idOfPaths, knownScope, type Scope, submodulesOf, treeIdOf } from './scope.ts';
import { filesWithin, isLink, isWithin, maySendElsewhere, type TreeEntry } from './tree.ts';
import type { View } from './view.ts';

export interface Limits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files of a checkout, and of one fetch. */
  readonly checkoutBytes: number;
}

export interface PrepareRequest {
  readonly remote: Remote;
  readonly cache: Cache;
  readonly view: View;
  readonly commit: string;
  readonly tree: CommitTree;
  /** Normal paths (tree.ts); '' is the whole repository. */
  readonly paths: readonly string[];
  /** Those of other targets of the repository and branch. */
  readonly others: readonly string[];
  readonly commits: Commits;
  readonly submodules: boolean;
  readonly limits: Limits;
}

/** What is to be written, all of it in the view. */
export interface Prepared {
  readonly entries: readonly TreeEntry[];
  /** Of all entries together. */
  readonly bytes: number;
  /** The submodules to be checked out into it, if that was asked for. */
  readonly submodules: readonly TreeEntry[];
  readonly treeId: string;
}

/**
 * Fetches what a render of the paths may read: the paths alone where they refer to nothing else in the repository, else everything.
 * What is outside of the paths and may not be checked out (a link that leaves, a file too large) is left out; inside it is a `user` Failure.
 */
export async function prepare(request: PrepareRequest): Promise<Prepared> {
  const { cache, view, tree, paths, submodules } = request;
  // The address of a submodule is read from its commit; a cache that was begun anew has nothing of what was known.
  if (cache.isNew || submodules) await bringCommit(request);
  else await view.refresh(cache.directory);
  const scope = await findScope(request);
  const files = filesWithin(tree.entries, scope === 'whole' ? [''] : paths);
  const sizes = await bringFiles(request, files);
  const links = await readLinks(view, files.filter(isLink));
  // A path that leads through a link is read where the link points.
  const read = [...paths, ...paths.flatMap((path) => resolvePath(path, links) ?? [])];

  const entries = files.filter((entry) => mayBeWritten(request, entry, isWithin(entry.path, read), sizes, links));
  const bytes = entries.reduce((sum, entry) => sum + (sizes.get(entry.id) ?? 0), 0);
  checkTotal(request, bytes);
  return {
    entries,
    bytes,
    submodules: submodules && scope === 'whole' ? submodulesOf(tree.entries) : [],
    treeId: treeIdOf(tree, paths, scope),
  };
}

async function findScope(request: PrepareRequest): Promise<Scope> {
  const { view, tree, paths, submodules, commits } = request;
  const known = knownScope(tree.entries, paths, submodules, commits);
  if (known !== undefined) return known;
  const files = filesWithin(tree.entries, paths);
  await bringFiles(request, files);
  const names = await namesFolderAbove(view, files.filter(maySendElsewhere));
  commits.rememberNamesOthers(idOfPaths(tree.entries, paths), names);
  return names ? 'whole' : 'paths';
}

/** Fetches the commit with its folders, and with its files if all are read, unless it is here. */
export async function bringCommit({
  remote,
  cache,
  view,
  commit,
  paths,
  others,
}: Pick<PrepareRequest, 'remote' | 'cache' | 'view' | 'commit' | 'paths' | 'others'>): Promise<void> {
  await view.refresh(cache.directory);
  if (await view.has(commit)) return;
  if (cache.plain) await fetchBranch(remote, cache.directory, { depth: 1 });
  else {
    const filter = paths.includes('') || others.includes('') ? 'none' : 'blob:none';
    await fetchCommit(remote, cache.directory, commit, { filter, depth: 1 });
  }
  await view.refresh(cache.directory);
  if (await view.has(commit)) return;
  throw new Failure('server', `Cannot fetch "${nameOf(remote)}": the branch is no longer at ${commit}`, {
    code: 'Moved',
  });
}

/** Fetches the files that are not here yet, in one exchange; gives the bytes of each by id. */
async function bringFiles(request: PrepareRequest, files: readonly TreeEntry[]): Promise<ReadonlyMap<string, number>> {
  const { remote, cache, view } = request;
  const ids = idsOf(files);
  const sizes = await view.sizes(ids);
  const missing = ids.filter((id) => !sizes.has(id));
  if (missing.length === 0) return sizes;
  // A plain cache is complete, or broken.
  if (cache.plain)
    throw new Failure('server', `Cannot read the cache of "${nameOf(remote)}": files are missing`, {
      code: 'GitFailed',
    });
  await fetchForAll(request, missing);
  await view.refresh(cache.directory);
  return await view.sizes(ids);
}

/** Fetches, with the files that are missing, those that other targets of the repository will ask for: one exchange serves them all. */
async function fetchForAll({ remote, cache, view, tree, others }: PrepareRequest, missing: string[]): Promise<void> {
  const theirs = idsOf(filesWithin(tree.entries, others));
  if (theirs.length > 0) {
    const here = await view.sizes(theirs);
    const all = [...new Set([...missing, ...theirs.filter((id) => !here.has(id))])];
    try {
      return await fetchBlobs(remote, cache.directory, all);
    } catch (error) {
      // What others want may be more than is allowed at once: then each sees to itself.
      if (asFailure(error).code !== 'TooLarge') throw error;
    }
  }
  await fetchBlobs(remote, cache.directory, missing);
}

function idsOf(files: readonly TreeEntry[]): string[] {
  return [...new Set(files.map((entry) => entry.id))];
}

async function namesFolderAbove(view: View, files: readonly TreeEntry[]): Promise<boolean> {
  const contents = await view.contents(files.map((entry) => entry.id));
  return [...contents.values()].some((text) => text.includes('..'));
}

async function readLinks(view: View, entries: readonly TreeEntry[]): Promise<Links> {
  const contents = await view.contents([...new Set(entries.map((entry) => entry.id))]);
  return new Map(entries.map((entry) => [entry.path, contents.get(entry.id)?.toString('utf8') ?? '']));
}

function mayBeWritten(
  request: PrepareRequest,
  entry: TreeEntry,
  isRead: boolean,
  sizes: ReadonlyMap<string, number>,
  links: Links,
): boolean {
  const about = `Cannot check out "${entry.path}" of "${nameOf(request.remote)}"`;
  if (isLink(entry) && resolvePath(entry.path, links) === undefined) {
    if (!isRead) return false;
    throw new Failure('user', `${about}: the symbolic link leads out of the repository or in a circle`);
  }
  const size = sizes.get(entry.id);
  if (size === undefined) throw new Failure('server', `${about}: the server did not send it`, { code: 'GitFailed' });
  if (size <= request.limits.fileBytes) return true;
  if (!isRead) return false;
  const limit = formatBytes(request.limits.fileBytes);
  throw new Failure('user', `${about}: ${formatBytes(size)}, more than the ${limit} that a file may have`, {
    code: 'TooLarge',
    help: 'Keep it out of source.paths, or out of the repository',
  });
}

function checkTotal({ remote, limits }: PrepareRequest, bytes: number): void {
  if (bytes <= limits.checkoutBytes) return;
  throw new Failure(
    'user',
    `Cannot check out "${nameOf(remote)}": its files have ${formatBytes(bytes)}, more than ${formatBytes(limits.checkoutBytes)}`,
    { code: 'TooLarge', help: 'Narrow source.paths to what the target renders' },
  );
}

export function missingPath({ remote, commit }: Pick<PrepareRequest, 'remote' | 'commit'>, path: string): Failure {
  return new Failure('user', `Cannot check out "${path}" of "${nameOf(remote)}": it is not there at commit ${commit}`, {
    code: 'NoPath',
    help: 'Correct source.paths, or push the path',
  });
}

function nameOf(remote: Remote): string {
  return withoutCredentials(remote.address.url);
}
