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
}

/** How often images that vanish while they are looked at are chosen anew. */
const mostChoices = 10;

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
    const byPolicy = { target: writer.targets[0]?.name ?? '', results: markedResults(marked.values, decided.chosen) };
    const all = byPolicy.results.size === 0 ? results : [...results, byPolicy];
    written = { results: all, warnings: [...unrendered(draft), ...decided.problems, ...marked.problems] };
    return messageFor(writer, releaseMessage(spec, mergeResults(all), causeOf(context)), all, context);
  }

  const pushed = await commit(writer, known, change, context, ports);
  return { ...written, ...(pushed && { pushed }) };
}

/** Decides until every image that is about to be written was looked at. */
async function decide(
  draft: Draft,
  spec: ImageRelease,
  { running, book }: Known,
): Promise<Decided & { readonly problems: readonly string[] }> {
  for (let choice = 1; ; choice++) {
    const results: TargetResults[] = [];
    for (const [target, defined] of draft.defined) {
      const live = running.get(target);
      if (defined instanceof Failure || live === undefined) continue;
      results.push({ target, results: planTarget({ spec, defined, running: live.images, images: book.images }) });
    }
    const { images: chosen, failures } = chooseImages(spec.type === 'auto' ? definedImages(draft) : [], book.images);
    const images = [...targetsOf(results), ...chosen.values()];
    const isSame = await book.confirm(images);
    if (spec.type === 'containers') for (const image of images) requireImage(book, image);
    if (isSame) return { results, chosen, problems: [...failures].map(([id, { message }]) => `${id}: ${message}`) };
    if (choice === mostChoices)
      throw new Failure('server', 'Cannot choose images: the registry changes while it is read');
  }
}

function definedImages({ defined }: Draft): readonly TargetImages[] {
  return [...defined.values()].filter((one): one is TargetImages => !(one instanceof Failure));
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
 * Commits what `edit` makes of a draft of the head, and says so to the run. Undefined if that is nothing, or is only to be told.
 *
 * @param edit changes the files of a draft; gives the text of the commit.
 */
export async function commit(
  writer: Writer,
  { running }: Pick<Known, 'running'>,
  edit: (draft: Draft) => Promise<string>,
  context: ReleaseContext,
  { writer: git, forge, openDraft }: Pick<ReleasePorts, 'writer' | 'forge' | 'openDraft'>,
): Promise<Pushed | undefined> {
  const { source, files, submodules, author, sign, branch, targets } = writer;
  const { signal, job } = context;
  let message = '';

  async function change(checkout: Checkout): Promise<FileChanges | undefined> {
    await context.started(formatRevision(source.branch, checkout.commit));
    const rendered = targets.map((target) => {
      return { ...target, namespace: running.get(target.name)?.namespace ?? target.namespace ?? 'default' };
    });
    const draft = await openDraft({ checkout, targets: rendered, signal });
    message = await edit(draft);
    if (job.plan || draft.files.size === 0) return undefined;
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
  if (committed === undefined) return undefined;
  const pushed: Pushed = { commit: committed.commit, branch: committed.branch };
  if (branch === undefined) return pushed;
  const [title = '', ...body] = message.split('\n');
  const { url } = await forge.propose({ source, branch, title, body: body.join('\n').trim(), signal });
  return { ...pushed, pullRequest: url };
}

/** The text of the commit as the targets want it. */
export function messageFor(
  { template, targets }: Writer,
  message: string,
  results: readonly { readonly results: ReleaseResults }[],
  { job }: ReleaseContext,
): string {
  const merged = new Map(results.flatMap((each) => [...each.results]));
  return fillMessage(template, {
    message,
    images: changedImages(merged),
    workloads: changedWorkloads(merged),
    targets: targets.map(({ name }) => name),
    user: job.cause.by,
  });
}

export function causeOf({ job }: ReleaseContext): { readonly user: string; readonly message?: string } {
  return { user: job.cause.by, ...(job.message !== undefined && { message: job.message }) };
}
