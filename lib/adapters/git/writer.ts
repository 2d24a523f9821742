import { setTimeout as sleep } from 'node:timers/promises';
import type { CommitRequest, Committed, FileChanges, GitWriter } from '../../app/release-ports.ts';
import { asFailure, Failure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { addressFor, withoutCredentials } from './address.ts';
import { checkAuthor, messageOf } from './check-changes.ts';
import { explaining } from './failures.ts';
import { askHeads, noBranch } from './find-head.ts';
import { holdCheckout } from './open-checkout.ts';
import { pushChanges } from './push-changes.ts';
import type { Workshop } from './remote.ts';
import { createWorkshop, type GitOptions } from './workshop.ts';

const mostAttempts = 5;

/**
 * Writes to repositories with the git binary, without a work tree: the commit is made of the head's folders and the new files alone (DESIGN §4).
 * With `clock`, commits have its time.
 */
export function createGitWriter(options: GitOptions): GitWriter {
  const workshop = createWorkshop(options);
  const clock = options.clock ?? Date.now;

  async function commit(given: CommitRequest): Promise<Committed | undefined> {
    const request = { ...given, source: { ...given.source, url: addressFor(given.source) } };
    checkAuthor(request.author);
    checkKey(request);
    for (let attempt = 1; ; attempt++) {
      try {
        return await commitOnce(workshop, request, clock);
      } catch (error) {
        if (asFailure(error).code !== 'Moved') throw error;
        if (attempt === mostAttempts) throw overtaken(request, error);
      }
      await pause(attempt, request);
    }
  }
  return { commit: explaining(commit) };
}

/** Throws a Failure with the code `Moved` if another writer was faster. */
async function commitOnce(
  workshop: Workshop,
  request: CommitRequest,
  clock: () => number,
): Promise<Committed | undefined> {
  const { source, branch = source.branch, signal } = request;
  const heads = await askHeads(workshop, source, new Set([source.branch, branch]), { isPush: true, signal });
  const head = heads.get(source.branch);
  if (head === undefined) throw await noBranch(workshop, source, signal);
  const changes = await changesAt(workshop, request, head);
  if (changes === undefined) return undefined;
  const facts = {
    files: changes.files,
    message: messageOf(changes),
    author: request.author,
    seconds: Math.floor(clock() / 1000),
  };
  return await pushChanges(workshop, request, { head, branch, from: heads.get(branch), ...facts });
}

async function changesAt(
  workshop: Workshop,
  { source, submodules = false, files = [], change, signal }: CommitRequest,
  head: string,
): Promise<FileChanges | undefined> {
  await using checkout = await holdCheckout(workshop, verifiedAlone(source), head, {
    submodules,
    files,
    ...(signal && { signal }),
  });
  return await change(checkout);
}

/** Nothing is written onto a head that is not verified (facts/flux-v1.md §1.3). What is before it is judged by who syncs it. */
function verifiedAlone(source: Source): Source {
  const { mode, keys } = source.verify;
  return mode === 'none' ? source : { ...source, verify: { mode: 'head', keys } };
}

/** A commit without a signature would stop the syncs of a branch that is verified. A pull request is signed by who merges it. */
function checkKey({ source, sign, branch }: CommitRequest): void {
  if (source.verify.mode === 'none' || sign !== undefined || branch !== undefined) return;
  throw new Failure('user', `${aboutOf(source)}: source.verify wants signatures, and there is no key to sign with`, {
    code: 'NotVerified',
    help: 'Set automation.sign to a private key whose public key is among verify.keys',
  });
}

function overtaken({ source }: CommitRequest, cause: unknown): Failure {
  const state = `other writers were faster ${mostAttempts} times`;
  return new Failure('server', `${aboutOf(source)}: ${state}`, { code: 'Moved', cause });
}

function aboutOf({ url, branch }: Source): string {
  return `Cannot commit to "${branch}" of "${withoutCredentials(url)}"`;
}

/** Two that collide are not to collide again. */
async function pause(attempt: number, { source, signal }: CommitRequest): Promise<void> {
  const milliseconds = 50 * 2 ** attempt * Math.random();
  await sleep(milliseconds, undefined, signal ? { signal } : {}).catch((cause: unknown) => {
    throw new Failure('server', `${aboutOf(source)}: the run was stopped`, { code: 'Aborted', cause });
  });
}
