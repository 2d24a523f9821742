import { asFailure, Failure } from '../../domain/failure.ts';
import type { ImageRef } from '../../domain/images/image-ref.ts';
import { type ReleaseResults, type WorkloadResult, without } from '../../domain/release/release-result.ts';
import { definedWorkloads, type TargetImages } from '../../domain/release/target-images.ts';
import { isChanged, type TargetResults } from '../../domain/release/target-results.ts';
import { verifyRelease } from '../../domain/release/verify-release.ts';
import type { Draft, Marked } from '../release-ports.ts';

/** What is to be written, by what was decided. */
export interface Decided {
  readonly results: readonly TargetResults[];
  /** The images of policies of Flux v2, for their markers. */
  readonly chosen: ReadonlyMap<string, ImageRef>;
}

/** What became of it, for the run. */
export interface Edited {
  readonly results: readonly TargetResults[];
  readonly marked: Marked;
}

type Defined = Draft['defined'];

const noMarkers: Marked = { values: [], problems: [] };

/**
 * Writes images into the files. A workload that cannot be edited has failed, and says why; the others are written. A target that does not come out
 * as it was meant has failed as a whole, and the others are written without it (facts/flux-v1.md §1.13). Throws a Failure that is not the user's.
 */
export async function editDraft(draft: Draft, { results: decided, chosen }: Decided): Promise<Edited> {
  let wanted = decided;
  for (;;) {
    const marked = chosen.size === 0 ? noMarkers : await draft.setMarkers(chosen);
    const before = marked.values.length === 0 ? draft.defined : await draft.again();
    const results: TargetResults[] = [];
    for (const each of wanted) results.push(await editTarget(draft, each));
    const refused = results.some(isChanged) ? compare(before, results, await draft.again()) : new Map();
    if (refused.size === 0) return { results, marked };
    await draft.reset();
    // A target that was to stay as it is has changed with another: which one that was is not known.
    const areAll = !results.some((each) => refused.has(each.target) && isChanged(each));
    const [first] = refused.values();
    wanted = results.map((each) => refuse(each, areAll ? first : refused.get(each.target)));
  }
}

async function editTarget(draft: Draft, { target, results }: TargetResults): Promise<TargetResults> {
  const edited = new Map<string, WorkloadResult>();
  for (const [id, result] of results) edited.set(id, await editWorkload(draft, target, id, result));
  return { target, results: edited };
}

async function editWorkload(draft: Draft, target: string, id: string, result: WorkloadResult): Promise<WorkloadResult> {
  if (result.status !== 'success') return result;
  const images = new Map<string, ImageRef>();
  for (const { container, target: image } of result.containers)
    if (!images.has(container)) images.set(container, image);
  try {
    await draft.setImages(target, id, images);
    return result;
  } catch (error) {
    const failure = asFailure(error);
    if (failure.fault === 'server') throw failure;
    return without('failed', failure.message);
  }
}

/** Why targets are not what they should be. */
function compare(before: Defined, edited: readonly TargetResults[], after: Defined): ReadonlyMap<string, Failure> {
  const refused = new Map<string, Failure>();
  for (const [target, was] of before) {
    const is = after.get(target);
    if (was instanceof Failure || is === undefined) continue;
    const results = edited.find((each) => each.target === target)?.results ?? new Map();
    const failure = is instanceof Failure ? is : difference(was, results, is);
    if (failure !== undefined) refused.set(target, failure);
  }
  return refused;
}

function difference(before: TargetImages, results: ReleaseResults, after: TargetImages): Failure | undefined {
  try {
    verifyRelease(definedWorkloads(before), results, definedWorkloads(after));
    return undefined;
  } catch (error) {
    return asFailure(error);
  }
}

function refuse({ target, results }: TargetResults, failure: Failure | undefined): TargetResults {
  if (failure === undefined) return { target, results };
  const refused = [...results].map(([id, result]): [string, WorkloadResult] => {
    return [id, result.status === 'success' ? without('failed', failure.message) : result];
  });
  return { target, results: new Map(refused) };
}
