import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkout, CheckoutOptions } from '../../app/ports.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { explaining } from './failures.ts';
import { type Job, openJob } from './job.ts';
import { cacheNameOf, openRemote, type Workshop } from './remote.ts';
import { knownScope, treeIdOf } from './scope.ts';
import { trustedCommit } from './trusted-commit.ts';
import { pathsOf, readCommit, writeRepository } from './write-repository.ts';

/** A checkout in a job of its own; its cache is kept until it is disposed of. */
export async function holdCheckout(
  workshop: Workshop,
  source: Source,
  commit: string,
  request: CheckoutOptions,
): Promise<Checkout> {
  const job = await openJob(workshop.jobs);
  const held = workshop.space.hold(cacheNameOf(source));
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

/**
 * Verifies the commit and finds the id of what it would write. The files are written when somebody asks for them, or at once where
 * only they tell what a render may read (scope.ts).
 */
async function openCheckout(
  workshop: Workshop,
  job: Job,
  source: Source,
  commit: string,
  options: CheckoutOptions,
): Promise<Omit<Checkout, keyof AsyncDisposable>> {
  const { submodules, files = [], verifiedUpTo, signal } = options;
  const remote = await openRemote(workshop, source, job.directory, signal);
  const trusted = await trustedCommit(workshop, remote, source, commit, verifiedUpTo);
  const read = {
    source: { ...source, paths: [...source.paths, ...files] },
    remote,
    commit: trusted.commit,
    submodules,
  };
  const directory = join(job.directory, 'tree');
  let writing: Promise<string> | undefined;

  async function writeOnce(): Promise<string> {
    await mkdir(directory, { mode: 0o700 });
    const treeId = await writeRepository(workshop, { ...read, directory });
    // What renders next may start commands: nothing but the files stays, least of all the credentials.
    await rm(remote.home, { recursive: true, force: true });
    return treeId;
  }
  async function writeFiles(): Promise<string> {
    writing ??= writeOnce();
    return await writing;
  }

  const tree = await readCommit(workshop, read);
  const paths = pathsOf(read);
  const scope = knownScope(tree.entries, paths, submodules, workshop.commits);
  return {
    ...trusted,
    treeId: scope === undefined ? await writeFiles() : treeIdOf(tree, paths, scope),
    async write() {
      await writeFiles();
      return directory;
    },
  };
}
