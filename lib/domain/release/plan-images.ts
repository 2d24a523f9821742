import { Failure } from '../failure.ts';
import type { RepositoryImages } from '../images/image-info.ts';
import { canonicalName, type ImageRef, parseImageRef, sameRepository } from '../images/image-ref.ts';
import { filterOf } from '../images/policies.ts';
import { filterImages } from '../images/sort-images.ts';
import { parseTagFilter, type TagFilter } from '../images/tag-filter.ts';
import { definedContainer, isImage, isInGit, withImage } from './next-image.ts';
import {
  type ContainerUpdate,
  type ReleaseResults,
  reasons,
  updated,
  type WorkloadResult,
  without,
} from './release-result.ts';
import { allWorkloads, checkImageSpec, type ImageSpec, latestImages } from './release-spec.ts';
import type { NamedImage, ReleaseWorld } from './release-world.ts';
import { type Selected, selectWorkloads } from './select-workloads.ts';
import { formatWorkloadId, parseWorkloadId } from './workload-id.ts';

/**
 * One image, or the newest ones, for the workloads that are asked for (facts/flux-v1.md §3 "release"). Throws a `user` Failure for a spec
 * that says nothing sensible, a `missing` one for an image that the registry does not have.
 */
export function planImages(spec: ImageSpec, world: ReleaseWorld): ReleaseResults {
  checkImageSpec(spec.image);
  const image = spec.image === latestImages ? undefined : parseImageRef(spec.image);
  const named = new Set(spec.workloads.filter((text) => text !== allWorkloads).map(asId));
  const isAll = spec.workloads.includes(allWorkloads);
  const images = image === undefined ? world.images : onlyImage(image, world);
  const { selected, results } = selectWorkloads(world, {
    ...(!isAll && { only: named }),
    named,
    excluded: new Set(spec.excludes.map(asId)),
    ...(image && { repository: image }),
    ignoreLocks: spec.force && !isAll,
  });
  const ignoreFilters = spec.force && image !== undefined;
  for (const each of selected) {
    results.set(each.workload.id, planWorkload(each, { images, ignoreFilters, ...(image && { image }) }));
  }
  return results;
}

function asId(text: string): string {
  return formatWorkloadId(parseWorkloadId(text));
}

/** What is never in the registry must never get into git. */
function onlyImage(image: ImageRef, { images }: ReleaseWorld): ReadonlyMap<string, RepositoryImages> {
  const { tag = '' } = image;
  const found = images.get(canonicalName(image))?.images.get(tag);
  if (found === undefined) {
    throw new Failure('missing', `Cannot release "${canonicalName(image)}:${tag}": the registry has no such image`, {
      help: 'Look at the tags of the repository; sluice list-images shows those that are known',
    });
  }
  return new Map([[canonicalName(image), { tags: [tag], images: new Map([[tag, found]]) }]]);
}

interface Choice {
  readonly images: ReadonlyMap<string, RepositoryImages>;
  readonly ignoreFilters: boolean;
  /** The one that was named. */
  readonly image?: ImageRef;
}

// As in fluxd without a filter: not everyTag's own policy, but what is asked for by name still never is `latest`.
const anyTag = parseTagFilter('glob:*');

/** Of several containers that are not updated the last one says why: so does fluxd. */
function planWorkload({ workload, running }: Selected, choice: Choice): WorkloadResult {
  const updates: ContainerUpdate[] = [];
  let why = without('ignored', reasons.doesNotUseImage);
  for (const container of running.containers) {
    const filter = choice.ignoreFilters ? anyTag : filterOf(workload.policies, container.name);
    const decision = decide(container, filter, choice, definedContainer(workload, container));
    if ('status' in decision) why = decision;
    else updates.push(decision);
  }
  return updates.length > 0 ? updated(updates) : why;
}

function decide(
  { name, image: current }: NamedImage,
  filter: TagFilter,
  { images, image }: Choice,
  defined: NamedImage | undefined,
): ContainerUpdate | WorkloadResult {
  const repository = images.get(canonicalName(current));
  const found = repository ? filterImages(repository, filter) : { images: [] };
  if ('unknown' in found) return without('skipped', reasons.imageNotFound);
  const [newest] = found.images;
  if (newest === undefined) {
    const wanted = image !== undefined && sameRepository(current, image);
    return wanted ? without('skipped', reasons.imageNotFound) : without('ignored', reasons.doesNotUseImage);
  }
  if (defined === undefined) return without('skipped', reasons.notInRepository);
  if (isImage(current, newest)) return without('skipped', reasons.upToDate);
  const target = withImage(defined.image, newest);
  if (target === undefined) return without('skipped', reasons.pinned);
  if (isInGit(defined.image, target)) return without('skipped', reasons.upToDate);
  return { container: name, current, target };
}
