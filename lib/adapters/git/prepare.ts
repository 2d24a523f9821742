import { Failure } from '../../domain/failure.ts';
import { withoutCredentials } from './address.ts';
import { bringFiles, lacking, objectsOf } from './bring.ts';
import type { CommitTree } from './commits.ts';
import { formatBytes } from './format-bytes.ts';
import { type Links, resolvePath } from './links.ts';
import type { OpenRemote, Workshop } from './remote.ts';
import { idOfPaths, knownScope, type Scope, submodulesOf, treeIdOf } from './scope.ts';
import { filesWithin, isLink, isWithin, maySendElsewhere, type TreeEntry } from './tree.ts';

export interface PrepareRequest {
  readonly workshop: Workshop;
  readonly remote: OpenRemote;
  readonly commit: string;
  readonly tree: CommitTree;
  /** Normal paths (tree.ts); '' is the whole repository. */
  readonly paths: readonly string[];
  readonly submodules: boolean;
}

/** What is to be written, all of it in the cache. */
export interface Prepared {
  readonly entries: readonly TreeEntry[];
  /** Bytes of each entry by its id. */
  readonly sizes: ReadonlyMap<string, number>;
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
  const { tree, paths, submodules } = request;
  const scope = await findScope(request);
  const files = filesWithin(tree.entries, scope === 'whole' ? [''] : paths);
  const sizes = await bring(request, files);
  const links = await readLinks(request, files.filter(isLink));
  // A path that leads through a link is read where the link points.
  const read = [...paths, ...paths.flatMap((path) => resolvePath(path, links) ?? [])];

  const entries = files.filter((entry) => mayBeWritten(request, entry, isWithin(entry.path, read), sizes, links));
  const bytes = entries.reduce((sum, entry) => sum + (sizes.get(entry.id) ?? 0), 0);
  checkTotal(request, bytes);
  return {
    entries,
    sizes,
    bytes,
    submodules: submodules && scope === 'whole' ? submodulesOf(tree.entries) : [],
    treeId: treeIdOf(tree, paths, scope),
  };
}

async function findScope(request: PrepareRequest): Promise<Scope> {
  const { workshop, tree, paths, submodules } = request;
  const known = knownScope(tree.entries, paths, submodules, workshop.commits);
  if (known !== undefined) return known;
  const files = filesWithin(tree.entries, paths);
  await bring(request, files);
  const names = await nameFolderAbove(request, files.filter(maySendElsewhere));
  workshop.commits.rememberNamesOthers(idOfPaths(tree.entries, paths), names);
  return names ? 'whole' : 'paths';
}

/** Fetches the files that are not here yet; gives the bytes of each by id. */
async function bring(request: PrepareRequest, files: readonly TreeEntry[]): Promise<ReadonlyMap<string, number>> {
  const { workshop, remote, commit, tree } = request;
  const ids = idsOf(files);
  const sizes = await sizesOf(request, ids);
  const missing = ids.filter((id) => !sizes.has(id));
  if (missing.length === 0) return sizes;
  const others = idsOf(filesWithin(tree.entries, workshop.pathsOfOthers(remote)));
  await bringFiles(workshop, remote, commit, { missing, others });
  const brought = await sizesOf(request, ids);
  if (brought.size < ids.length) throw lacking(remote);
  return brought;
}

async function sizesOf(
  { workshop, remote }: PrepareRequest,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = await objectsOf(workshop, remote).find(ids);
  return new Map([...found].map(([id, { size }]) => [id, size]));
}

function idsOf(files: readonly TreeEntry[]): readonly string[] {
  return [...new Set(files.map((entry) => entry.id))];
}

async function contentsOf(
  { workshop, remote }: PrepareRequest,
  files: readonly TreeEntry[],
): Promise<ReadonlyMap<string, Buffer>> {
  return await objectsOf(workshop, remote).contents(idsOf(files));
}

async function nameFolderAbove(request: PrepareRequest, files: readonly TreeEntry[]): Promise<boolean> {
  const contents = await contentsOf(request, files);
  return [...contents.values()].some((text) => text.includes('..'));
}

async function readLinks(request: PrepareRequest, entries: readonly TreeEntry[]): Promise<Links> {
  const contents = await contentsOf(request, entries);
  return new Map(entries.map((entry) => [entry.path, contents.get(entry.id)?.toString('utf8') ?? '']));
}

function mayBeWritten(
  { workshop, remote }: PrepareRequest,
  entry: TreeEntry,
  isRead: boolean,
  sizes: ReadonlyMap<string, number>,
  links: Links,
): boolean {
  const about = `Cannot check out "${entry.path}" of "${nameOf(remote)}"`;
  if (isLink(entry) && resolvePath(entry.path, links) === undefined) {
    if (!isRead) return false;
    throw new Failure('user', `${about}: the symbolic link leads out of the repository or in a circle`);
  }
  const size = sizes.get(entry.id) ?? 0;
  if (size <= workshop.limits.fileBytes) return true;
  if (!isRead) return false;
  const limit = formatBytes(workshop.limits.fileBytes);
  throw new Failure('user', `${about}: ${formatBytes(size)}, more than the ${limit} that a file may have`, {
    code: 'TooLarge',
    help: 'Keep it out of source.paths, or out of the repository',
  });
}

function checkTotal({ workshop, remote }: PrepareRequest, bytes: number): void {
  const { checkoutBytes } = workshop.limits;
  if (bytes <= checkoutBytes) return;
  throw new Failure(
    'user',
    `Cannot check out "${nameOf(remote)}": its files have ${formatBytes(bytes)}, more than ${formatBytes(checkoutBytes)}`,
    { code: 'TooLarge', help: 'Narrow source.paths to what the target renders' },
  );
}

function nameOf(remote: OpenRemote): string {
  return withoutCredentials(remote.address.url);
}
