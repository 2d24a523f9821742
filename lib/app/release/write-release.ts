import { digestOf } from '../../domain/digest.ts';
import { Failure } from '../../domain/failure.ts';
import type { ImageRef } from '../../domain/images/image-ref.ts';
import { formatRevision } from '../../domain/jobs/revision.ts';
import type { Pushed } from '../../domain/jobs/run.ts';
import { chooseImages } from '../../domain/release/choose-policies.ts';
import { fillMessage, releaseMessage } from '../../domain/release/commit-message.ts';
import { markedResults } from '../../domain/release/marked-results.ts';
import { changedImages, changedWorkloads, type ReleaseResults } from '../../domain/release/release-result.ts';
import type { AutoSpec, ContainersSpec, ImageSpec } from '../../domain/release/release-spec.ts';
import type { TargetImages } from '../../domain/release/target-images.ts';
import { mergeResults, type TargetResults } from '../../domain/release/target-results.ts';
import type { Writer } from '../../domain/release/writer-settings.ts';
import type { Checkout, Draft, FileChanges } from '../ports.ts';
import type { RunningImages } from '../records/image-index.ts';
import { type Decided, editDraft } from './edit-draft.ts';
import { type ImageBook, requireImage } from './image-book.ts';
import { planTarget } from './plan-target.ts';
import type { ReleaseContext, ReleasePorts } from './release-context.ts';

/** What a release has to go by, beside git. */
export interface Known {
  /** By target. */
  readonly running: ReadonlyMap<string, RunningImages>;
  readonly book: ImageBook;
}

export type ImageRelease = AutoSpec | ImageSpec | ContainersSpec;

/** What was written, or would be. */
export interface Written {
  readonly results: readonly TargetResults[];
  readonly warnings: readonly string[];
  readonly pushed?: Pushed;
  /** Of a pull request what it holds, as a digest. */
  readonly proposed?: string;
}

/** What came of a commit. */
export interface CommitOutcome extends Pick<Written, 'pushed' | 'proposed'> {
  /** It was proposed before, and is not again. */
  readonly isKnown: boolean;
}

/** How many images that are listed and not there are passed over. */
const mostChoices = 100;

/** Writes what is decided on the head of the branch, with one commit. */
export async function writeImages(
  writer: Writer,
  spec: ImageRelease,
  known: Known,
  context: ReleaseContext,
  ports: ReleasePorts,
): Promise<Written> {
  let written: Omit<Written, 'pushed'> = { results: [], warnings: [] };

  async function change(draft: Draft): Promise<string> {
    const decided = await decide(draft, spec, known);
    const { results, marked } = await editDraft(draft, decided);
    const byPolicy = { target: writer.targets[0].name, results: markedResults(marked.values, decided.chosen) };
    const all = byPolicy.results.size === 0 ? results : [...results, byPolicy];
    written = { results: all, warnings: [...unrendered(draft), ...decided.problems, ...marked.problems] };
    const merged = mergeResults(all);
    return messageFor(writer, releaseMessage(spec, merged, causeOf(context)), merged, context);
  }

  const { isKnown, ...committed } = await commit(writer, known, change, context, ports);
  return isKnown ? { results: [], warnings: written.warnings, ...committed } : { ...written, ...committed };
}

/** What is decided, until every image of it was looked at: of one that is not what it was taken for, anew. */
export async function choose(
  book: ImageBook,
  plan: () => readonly TargetResults[],
  others: () => Iterable<ImageRef> = () => [],
): Promise<readonly TargetResults[]> {
  for (let choice = 1; choice <= mostChoices; choice++) {
    const results = plan();
    if (await book.confirm([...targetsOf(results), ...others()])) return results;
  }
  throw new Failure('server', 'Cannot choose images: what the registry has is not what it lists');
}

async function decide(
  draft: Draft,
  spec: ImageRelease,
  { running, book }: Known,
): Promise<Decided & { readonly problems: readonly string[] }> {
  const defined = [...draft.defined].filter((entry): entry is [string, TargetImages] => !(entry[1] instanceof Failure));
  const policies = () => {
    const targets = spec.type === 'auto' ? defined.map(([, images]) => images) : [];
    return chooseImages(targets, book.images);
  };
  const results = await choose(
    book,
    () =>
      defined.flatMap(([target, images]): TargetResults[] => {
        const live = running.get(target);
        if (live === undefined) return [];
        return [{ target, results: planTarget({ spec, defined: images, running: live.images, images: book.images }) }];
      }),
    () => policies().images.values(),
  );
  if (spec.type === 'containers') for (const image of targetsOf(results)) requireImage(book, image);
  const { images: chosen, failures } = policies();
  return { results, chosen, problems: [...failures].map(([id, { message }]) => `${id}: ${message}`) };
}

function targetsOf(results: readonly TargetResults[]): readonly ImageRef[] {
  return results.flatMap(({ results: ofTarget }) =>
    [...ofTarget.values()].flatMap(({ containers }) => containers.map(({ target }) => target)),
  );
}

function unrendered({ defined }: Draft): readonly string[] {
  return [...defined].flatMap(([target, found]) =>
    found instanceof Failure ? [`"${target}" was left out: ${found.message}`] : [],
  );
}

/**
 * Commits what `edit` makes of a draft of the head, and says so to the run: nothing if that is nothing, is only to be told, or waits in a pull
 * request already.
 *
 * @param edit changes the files of a draft; gives the text of the commit.
 */
export async function commit(
  writer: Writer,
  { running }: Pick<Known, 'running'>,
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
