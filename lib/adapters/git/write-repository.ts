import { mkdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { parseAddress, withoutCredentials } from './address.ts';
import type { CommitTree } from './commits.ts';
import { fullDisk } from './failures.ts';
import { bringCommit, missingPath, type Prepared, prepare } from './prepare.ts';
import { type Location, type OpenRemote, openRemote, type Workshop, withCache } from './remote.ts';
import { isMissing } from './scope.ts';
import { readSubmodules } from './submodules.ts';
import { normalPath, type TreeEntry } from './tree.ts';
import type { View } from './view.ts';

export interface ReadRequest {
  readonly source: Location & Pick<Source, 'paths'>;
  readonly remote: OpenRemote;
  readonly commit: string;
  readonly submodules: boolean;
}

export interface WriteRequest extends ReadRequest {
  /** An empty folder. */
  readonly directory: string;
  /** How deep this repository is in others. */
  readonly depth?: number;
}

const maxDepth = 3;

/** The tree of the commit, once for all jobs that ask for it. Throws a `user` Failure if one of the paths is not in it. */
export async function readCommit(workshop: Workshop, request: ReadRequest): Promise<CommitTree> {
  const { remote, commit, submodules } = request;
  const paths = pathsOf(request);
  const key = `${remote.cacheName} ${commit}`;
  async function read(): Promise<CommitTree> {
    return await withCache(workshop, remote, 'files', async (cache, view) => {
      await bringCommit({ remote, cache, view, commit, paths, others: workshop.pathsOfOthers(remote) });
      return await view.tree(commit);
    });
  }
  const tree = await workshop.commits.tree(key, read, remote.signal);
  for (const path of paths) if (isMissing(tree.entries, path, submodules)) throw missingPath(request, path);
  return tree;
}

/** Writes what a render of the source's paths may read into the folder; gives the id of what it wrote. */
export async function writeRepository(workshop: Workshop, request: WriteRequest): Promise<string> {
  const { remote, commit, directory, submodules } = request;
  const { commits, limits } = workshop;
  const paths = pathsOf(request);
  const others = workshop.pathsOfOthers(remote);
  const tree = await readCommit(workshop, request);
  const { prepared, view } = await withCache(workshop, remote, 'files', async (cache, fresh) => ({
    prepared: await prepare({ remote, cache, view: fresh, commit, tree, paths, others, submodules, commits, limits }),
    view: fresh,
  }));
  // Git does not say why it cannot write a file, so a disk that is too small is noticed before.
  const disk = await statfs(directory);
  if (prepared.bytes > disk.bavail * disk.bsize) throw fullDisk();
  await view.write(prepared.entries, directory);
  if (prepared.submodules.length > 0) await writeSubmodules(workshop, request, prepared, view);
  for (const path of paths) {
    if (!(await exists(join(directory, path)))) throw missingPath(request, path);
  }
  return prepared.treeId;
}

/** Normal, each once. */
export function pathsOf({ source }: Pick<ReadRequest, 'source'>): readonly string[] {
  return [...new Set(source.paths.map(normalPath))];
}

async function writeSubmodules(
  workshop: Workshop,
  request: WriteRequest,
  prepared: Prepared,
  view: View,
): Promise<void> {
  const depth = (request.depth ?? 0) + 1;
  if (depth > maxDepth) throw new Failure('user', `Cannot check out submodules: they are more than ${maxDepth} deep`);
  const urls = await readSubmodules(view, request.commit, request.source.url);
  for (const entry of prepared.submodules) {
    const url = urls.get(entry.path);
    if (url === undefined)
      throw new Failure('user', `Cannot check out the submodule "${entry.path}": .gitmodules has no url for it`);
    await writeSubmodule(workshop, request, entry, url, depth);
  }
}

async function writeSubmodule(
  workshop: Workshop,
  request: WriteRequest,
  entry: TreeEntry,
  url: string,
  depth: number,
): Promise<void> {
  const { remote } = request;
  const { protocol, server } = parseAddress(url, workshop.allowLocal);
  // A repository may name any address: it gets the protocol of its parent, and a token only for the parent's server. An SSH key never
  // leaves, and ssh speaks with known hosts alone.
  if (protocol !== remote.address.protocol)
    throw new Failure(
      'user',
      `Cannot check out the submodule "${entry.path}": "${withoutCredentials(url)}" is not ${remote.address.protocol}`,
    );
  const isOurs = protocol === 'ssh' || server === remote.address.server;
  const location = { url, paths: ['.'], ...(isOurs ? { auth: request.source.auth } : {}) };
  const directory = join(request.directory, entry.path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeRepository(workshop, {
    source: location,
    remote: await openRemote(workshop, location, remote.home, remote.signal),
    commit: entry.id,
    directory,
    submodules: true,
    depth,
  });
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
