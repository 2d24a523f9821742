import { asFailure, Failure } from '../../domain/failure.ts';
import { withoutCredentials } from './address.ts';
import { fetchBlobs, fetchBranch, fetchCommit } from './fetch.ts';
import type { Objects } from './objects.ts';
import { cacheOf, type OpenRemote, type Workshop, withCache } from './remote.ts';

/** The cache of a repository's commits, folders and files, as it is read: without its lock, for what is there stays as it is. */
export function objectsOf(workshop: Workshop, remote: OpenRemote): Objects {
  return workshop.objects.of(cacheOf(workshop, remote, 'files'));
}

/** Fetches the commit with its folders, and with its files if somebody reads them all, unless another has done so meanwhile. */
export async function bringCommit(
  workshop: Workshop,
  remote: OpenRemote,
  commit: string,
  readsAll: boolean,
): Promise<void> {
  const objects = objectsOf(workshop, remote);
  await withCache(workshop, remote, 'files', async (cache) => {
    if (!cache.isNew && (await isHere(objects, commit))) return;
    if (cache.plain) await fetchBranch(remote, cache.directory, { depth: 1 });
    else await fetchCommit(remote, cache.directory, commit, { filter: readsAll ? 'none' : 'blob:none', depth: 1 });
    if (await isHere(objects, commit)) return;
    const url = withoutCredentials(remote.address.url);
    throw new Failure('server', `Cannot fetch "${url}": the branch is no longer at ${commit}`, { code: 'Moved' });
  });
}

/**
 * Fetches files of a commit that is here, unless another has done so meanwhile. With them come those that other targets of the repository
 * will ask for: one exchange serves them all.
 */
export async function bringFiles(
  workshop: Workshop,
  remote: OpenRemote,
  commit: string,
  files: { readonly missing: readonly string[]; readonly others: readonly string[] },
): Promise<void> {
  const objects = objectsOf(workshop, remote);
  await withCache(workshop, remote, 'files', async (cache) => {
    if (cache.plain) {
      // It has all files of its commits, or is broken.
      if (!cache.isNew) throw lacking(remote);
      return await fetchBranch(remote, cache.directory, { depth: 1 });
    }
    if (cache.isNew) await fetchCommit(remote, cache.directory, commit, { filter: 'blob:none', depth: 1 });
    const missing = await notHere(objects, files.missing);
    if (missing.length === 0) return;
    const all = [...new Set([...missing, ...(await notHere(objects, files.others))])];
    try {
      await fetchBlobs(remote, cache.directory, all);
    } catch (error) {
      // What others want may be more than comes at once: then each sees to itself.
      if (asFailure(error).code !== 'TooLarge' || all.length === missing.length) throw error;
      await fetchBlobs(remote, cache.directory, missing);
    }
  });
}

async function isHere(objects: Objects, commit: string): Promise<boolean> {
  return (await objects.find([commit])).has(commit);
}

async function notHere(objects: Objects, ids: readonly string[]): Promise<readonly string[]> {
  const here = await objects.find(ids);
  return ids.filter((id) => !here.has(id));
}

export function lacking(remote: OpenRemote): Failure {
  const url = withoutCredentials(remote.address.url);
  return new Failure('server', `Cannot read the cache of "${url}": files are missing`, { code: 'GitFailed' });
}
