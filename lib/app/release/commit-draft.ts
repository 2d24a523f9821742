import { digestOf } from '../../domain/digest.ts';
import { formatRevision } from '../../domain/jobs/revision.ts';
import type { Pushed } from '../../domain/jobs/run.ts';
import { fillMessage } from '../../domain/release/commit-message.ts';
import { changedImages, changedWorkloads, type ReleaseResults } from '../../domain/release/release-result.ts';
import type { Writer } from '../../domain/release/writer-settings.ts';
import type { Checkout } from '../ports.ts';
import type { RunningImages } from '../records/image-index.ts';
import type { Draft, FileChanges } from '../release-ports.ts';
import type { ReleaseContext, ReleasePorts } from './release-context.ts';

/** What came of a commit. */
export interface CommitOutcome {
  readonly pushed?: Pushed;
  /** Of a pull request what it holds, as a digest. */
  readonly proposed?: string;
  /** It was proposed before, and is not again. */
  readonly isKnown: boolean;
}

/**
 * Commits what `edit` makes of a draft of the head, and says so to the run: nothing if that is nothing, is only to be told, or waits in a pull
 * request already.
 *
 * @param edit changes the files of a draft; gives the text of the commit.
 */
export async function commitDraft(
  writer: Writer,
  running: ReadonlyMap<string, RunningImages>,
  edit: (draft: Draft) => Promise<string>,
  context: ReleaseContext,
  { writer: git, forge, openDraft }: Pick<ReleasePorts, 'writer' | 'forge' | 'openDraft'>,
): Promise<CommitOutcome> {
  const { source, files, submodules, author, sign, branch, targets } = writer;
  const { signal, job } = context;
  // A sweep has a run once there is something to write.
  const isSweep = job.cause.kind === 'sweep';
  let message = '';
  let proposed: string | undefined;
  let isKnown = false;

  async function change(checkout: Checkout): Promise<FileChanges | undefined> {
    const revision = formatRevision(source.branch, checkout.commit);
    if (!isSweep) await context.started(revision);
    const rendered = targets.map((target) => {
      return { ...target, namespace: running.get(target.name)?.namespace ?? target.namespace ?? 'default' };
    });
    const draft = await openDraft({ checkout, targets: rendered, signal });
    message = await edit(draft);
    if (job.plan || draft.files.size === 0) return undefined;
    if (branch !== undefined) proposed = digestOf([checkout.commit, message, [...draft.files]]);
    isKnown = isSweep && proposed !== undefined && context.proposed.includes(proposed);
    if (isKnown) return undefined;
    if (isSweep) await context.started(revision);
    context.held();
    return { files: draft.files, message };
  }

  const committed = await git.commit({
    source,
    submodules,
    files,
    change,
    author,
    ...(sign !== undefined && { sign }),
    ...(branch !== undefined && { branch }),
    signal,
  });
  const kept = { isKnown, ...(proposed !== undefined && { proposed }) };
  if (committed === undefined) return kept;
  const pushed: Pushed = { commit: committed.commit, branch: committed.branch };
  if (branch === undefined) return { ...kept, pushed };
  const [title = '', ...body] = message.split('\n');
  const { url } = await forge.propose({ source, branch, title, body: body.join('\n').trim(), signal });
  return { ...kept, pushed: { ...pushed, pullRequest: url } };
}

/** The text of the commit as the targets want it. */
export function messageFor(
  { template, targets }: Writer,
  message: string,
  results: ReleaseResults,
  { job }: ReleaseContext,
): string {
  return fillMessage(template, {
    message,
    images: changedImages(results),
    workloads: changedWorkloads(results),
    targets: targets.map(({ name }) => name),
    user: job.cause.by,
  });
}

export function causeOf({ job }: ReleaseContext): { readonly user: string; readonly message?: string } {
  return { user: job.cause.by, ...(job.message !== undefined && { message: job.message }) };
}
