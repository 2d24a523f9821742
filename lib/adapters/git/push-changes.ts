import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitRequest, Committed, FileChanges } from '../../app/release-ports.ts';
import { asFailure, Failure } from '../../domain/failure.ts';
import { withoutCredentials } from './address.ts';
import { bringCommit, objectsOf } from './bring.ts';
import { fetchBranch, fetchedCommit, listRefs, refOf } from './fetch.ts';
import { openJob } from './job.ts';
import { type CommitFacts, makeCommit, makeTree, type Workbench } from './make-commit.ts';
import { type Push, push } from './push.ts';
import { cacheNameOf, healing, type OpenRemote, openRemote, type Workshop, withCache } from './remote.ts';
import { prepareSigning, unsigned } from './signing.ts';
import { createView, type View } from './view.ts';
import { readCommit } from './write-repository.ts';

export interface PushedChanges extends Pick<FileChanges, 'files'>, Omit<CommitFacts, 'signing'> {
  /** What the commit is made from. */
  readonly head: string;
  /** Where it is pushed to. */
  readonly branch: string;
  /** Where that branch is; undefined if it is not there. */
  readonly from: string | undefined;
}

/**
 * Commits the files on top of the head and pushes; undefined if they are there already. Throws a Failure with the code `Moved` if the branch
 * has moved on since.
 */
export async function pushChanges(
  workshop: Workshop,
  { source, sign, signal }: CommitRequest,
  changes: PushedChanges,
): Promise<Committed | undefined> {
  const { head, branch, from } = changes;
  await using job = await openJob(workshop.jobs);
  await using _held = workshop.space.hold(cacheNameOf(source));
  const remote = await openRemote(workshop, source, job.directory, signal);
  const target = { ...remote, branch };
  const { bench, treeId } = await healing(workshop, remote, 'files', () =>
    prepareTree(workshop, remote, job.directory, changes),
  );
  if (treeId === undefined) return undefined;
  const committed = { parent: head, branch };
  if (from !== undefined && from !== head) {
    const isSame = await isSameCommit(workshop, target, from, { ...changes, treeId, isSigned: sign !== undefined });
    if (isSame) return { commit: from, ...committed };
  }
  const keys = join(job.directory, 'keys');
  const signing = sign === undefined ? unsigned : await prepareSigning(sign, keys, workshop.readSecret, workshop.path);
  const commit = await makeCommit(bench, treeId, { ...changes, signing });
  await rm(keys, { recursive: true, force: true });
  await pushOnce(workshop, bench.view, target, { commit, branch, from });
  await keepCommit(workshop, bench.view, target, { commit, head }).catch(() => undefined);
  return { commit, ...committed };
}

async function prepareTree(
  workshop: Workshop,
  remote: OpenRemote,
  folder: string,
  { head, files }: PushedChanges,
): Promise<{ readonly bench: Workbench; readonly treeId: string | undefined }> {
  const { home, timeoutSeconds, signal, git } = remote;
  const source = { url: remote.address.url, paths: ['.'] };
  const tree = await readCommit(workshop, { source, remote, commit: head, submodules: true });
  // The folders may be remembered, and the cache gone.
  await bringCommit(workshop, remote, head, false);
  const directory = await mkdtemp(join(folder, 'bench-'));
  const view = await createView({ git, directory: join(directory, 'view.git'), home, timeoutSeconds, signal });
  await withCache(workshop, remote, 'files', (cache) => view.refresh(cache.directory));
  const bench = { view, directory, parent: head, tree };
  return { bench, treeId: await makeTree(bench, files) };
}

/** Whether the commit is what would be made again: a branch of a pull request is then left as it is. */
async function isSameCommit(
  workshop: Workshop,
  remote: OpenRemote,
  commit: string,
  { head, message, treeId, isSigned }: PushedChanges & { readonly treeId: string; readonly isSigned: boolean },
): Promise<boolean> {
  await bringCommit(workshop, remote, commit, false);
  const text = (await objectsOf(workshop, remote).contents([commit])).get(commit)?.toString('utf8') ?? '';
  const end = text.indexOf('\n\n');
  const lines = text.slice(0, end).split('\n');
  const parents = lines.filter((line) => line.startsWith('parent '));
  return (
    lines[0] === `tree ${treeId}` &&
    parents.length === 1 &&
    parents[0] === `parent ${head}` &&
    lines.some((line) => line.startsWith('gpgsig ')) === isSigned &&
    text.slice(end + 2) === message
  );
}

async function pushOnce(workshop: Workshop, view: View, remote: OpenRemote, wanted: Push): Promise<void> {
  let isPushed: boolean;
  try {
    isPushed = await push(view, remote, wanted);
  } catch (error) {
    const { fault, code } = asFailure(error);
    // The connection may have ended after the server had all.
    if (fault !== 'server' || code === 'Aborted' || !(await isThere(workshop, view, remote, wanted))) throw error;
    isPushed = true;
  }
  if (isPushed) return;
  const about = `Cannot push to "${wanted.branch}" of "${withoutCredentials(remote.address.url)}"`;
  throw new Failure('server', `${about}: another writer was faster`, { code: 'Moved' });
}

/** How many commits others may have pushed on top of ours meanwhile. */
const searchedCommits = 50;

/** Whether the branch has our commit; false if nobody can tell. */
async function isThere(
  workshop: Workshop,
  view: View,
  remote: OpenRemote,
  { commit, branch, from }: Push,
): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  try {
    const refs = await listRefs({ ...remote, timeoutSeconds: workshop.headSeconds }, [ref]);
    const now = refs.find(({ name }) => name === ref)?.commit;
    if (now === undefined || now === from) return false;
    if (now === commit) return true;
    await fetchBranch(remote, view.directory, { filter: 'tree:0', depth: searchedCommits });
    const fetched = (await fetchedCommit(remote, view.directory)) ?? now;
    return (await view.run(['rev-list', '--max-count=1', commit, `^${fetched}`, '--'])).length === 0;
  } catch {
    return false;
  }
}

/** Puts the commit into the cache, unless that has lost what it was made from: when its push comes back as a delivery, nothing is fetched. */
async function keepCommit(
  workshop: Workshop,
  view: View,
  remote: OpenRemote,
  { commit, head }: { readonly commit: string; readonly head: string },
): Promise<void> {
  await withCache(workshop, remote, 'files', async ({ directory, isNew }) => {
    if (isNew || !(await objectsOf(workshop, remote).find([head])).has(head)) return;
    const pack = join(directory, 'objects/pack/pack');
    await view.run(['pack-objects', '--quiet', '--revs', pack], { input: `${commit}\n^${head}\n` });
    await writeFile(join(directory, refOf(remote)), `${commit}\n`);
  });
}
