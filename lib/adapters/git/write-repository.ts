import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { parseAddress, withoutCredentials } from './address.ts';
import { bringCommit, lacking, objectsOf } from './bring.ts';
import type { CommitTree } from './commits.ts';
import { fullDisk } from './failures.ts';
import { type Prepared, prepare } from './prepare.ts';
import { readTree } from './read-tree.ts';
import { healing, type Location, type OpenRemote, openRemote, type Workshop } from './remote.ts';
import { isMissing } from './scope.ts';
import { readSubmodules } from './submodules.ts';
import { normalPath, type TreeEntry } from './tree.ts';
import { writeFiles } from './write-files.ts';

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
  async function read(): Promise<CommitTree> {
    const known = await readTree(objectsOf(workshop, remote), commit);
    if (known !== undefined) return known;
    await bringCommit(workshop, remote, commit, readsAll(workshop, request));
    const brought = await readTree(objectsOf(workshop, remote), commit);
    if (brought === undefined) throw lacking(remote);
    return brought;
  }
  const key = `${remote.cacheName} ${commit}`;
  const tree = await workshop.commits.tree(key, () => healing(workshop, remote, 'files', read), remote.signal);
  for (const path of paths) if (isMissing(tree.entries, path, submodules)) throw missingPath(request, path);
  return tree;
}

/** Writes what a render of the source's paths may read into the folder; gives the id of what it wrote. */
export async function writeRepository(workshop: Workshop, request: WriteRequest): Promise<string> {
  const { remote, directory } = request;
  const tree = await readCommit(workshop, request);
  const prepared = await healing(workshop, remote, 'files', () => writeTree(workshop, request, tree));
  if (prepared.submodules.length > 0) await writeSubmodules(workshop, request, prepared.submodules);
  for (const path of pathsOf(request)) {
    if (!(await exists(join(directory, path)))) throw missingPath(request, path);
  }
  return prepared.treeId;
}

async function writeTree(workshop: Workshop, request: WriteRequest, tree: CommitTree): Promise<Prepared> {
  const { remote, commit, directory, submodules } = request;
  const prepared = await prepare({ workshop, remote, commit, tree, paths: pathsOf(request), submodules });
  // An earlier attempt may have written a part.
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
  const disk = await statfs(directory);
  if (prepared.bytes > disk.bavail * disk.bsize) throw fullDisk();
  await writeFiles(objectsOf(workshop, remote), prepared.entries, prepared.sizes, directory);
  return prepared;
}

/** Whether somebody reads the whole repository: then its files come with the commit. */
export function readsAll(workshop: Workshop, request: Pick<ReadRequest, 'source' | 'remote'>): boolean {
  return [...pathsOf(request), ...workshop.pathsOfOthers(request.remote)].includes('');
}

/** Normal, each once. */
export function pathsOf({ source }: Pick<ReadRequest, 'source'>): readonly string[] {
  return [...new Set(source.paths.map(normalPath))];
}

async function writeSubmodules(
  workshop: Workshop,
  request: WriteRequest,
  submodules: readonly TreeEntry[],
): Promise<void> {
  const depth = (request.depth ?? 0) + 1;
  if (depth > maxDepth) throw new Failure('user', `Cannot check out submodules: they are more than ${maxDepth} deep`);
  const { remote, directory, source } = request;
  const file = join(directory, '.gitmodules');
  const urls = (await exists(file)) ? await readSubmodules(workshop.git, remote, file, source.url) : new Map();
  for (const entry of submodules) {
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

function missingPath({ remote, commit }: ReadRequest, path: string): Failure {
  const url = withoutCredentials(remote.address.url);
  return new Failure('user', `Cannot check out "${path}" of "${url}": it is not there at commit ${commit}`, {
    code: 'NoPath',
    help: 'Correct source.paths, or push the path',
  });
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
