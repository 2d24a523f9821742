import { Failure } from '../../domain/failure.ts';
import type { ImageRef } from '../../domain/images/image-ref.ts';
import { chooseImages } from '../../domain/release/choose-policies.ts';
import { releaseMessage } from '../../domain/release/commit-message.ts';
import { markedResults } from '../../domain/release/marked-results.ts';
import type { AutoSpec, ContainersSpec, ImageSpec } from '../../domain/release/release-spec.ts';
import type { TargetImages } from '../../domain/release/target-images.ts';
import { mergeResults, type TargetResults } from '../../domain/release/target-results.ts';
import type { Writer } from '../../domain/release/writer-settings.ts';
import type { RunningImages } from '../records/image-index.ts';
import type { Draft } from '../release-ports.ts';
import { type CommitOutcome, causeOf, commitDraft, messageFor } from './commit-draft.ts';
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
export interface Written extends Omit<CommitOutcome, 'isKnown'> {
  readonly results: readonly TargetResults[];
  readonly warnings: readonly string[];
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

  const { isKnown, ...committed } = await commitDraft(writer, known.running, change, context, ports);
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
