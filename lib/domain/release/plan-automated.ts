import { canonicalName, formatImageRef } from '../images/image-ref.ts';
import { filterOf, isOn } from '../images/policies.ts';
import { filterImages } from '../images/sort-images.ts';
import { definedContainer, isDowngrade, isImage, isInGit, withImage } from './next-image.ts';
import {
  type ContainerUpdate,
  type ReleaseResults,
  reasons,
  updated,
  type WorkloadResult,
  without,
} from './release-result.ts';
import type { NamedImage, ReleaseWorld } from './release-world.ts';
import { type Selected, selectWorkloads } from './select-workloads.ts';

/**
 * The newest image that the filter takes, for each container of the workloads that are automated, neither locked nor ignored, in git and
 * running (facts/flux-v1.md §2.3). The current image is the one that runs; "newer" is not asked: after a change of the filter this goes down.
 */
export function planAutomated(world: ReleaseWorld): ReleaseResults {
  const automated = world.defined.filter(({ policies }) => isOn(policies, 'automated'));
  const named = new Set(automated.map(({ id }) => id));
  const { selected, results } = selectWorkloads(world, { only: named, named, ignoreLocks: false });
  for (const each of selected) results.set(each.workload.id, planWorkload(each, world));
  return results;
}

function planWorkload(selected: Selected, world: ReleaseWorld): WorkloadResult {
  const updates: ContainerUpdate[] = [];
  const problems: string[] = [];
  for (const container of selected.running.containers) {
    const decision = decide(selected, container, world);
    if (typeof decision === 'string') problems.push(`${container.name}: ${decision}`);
    else if (decision !== undefined) updates.push(decision);
  }
  const problem = problems.length === 0 ? undefined : problems.join('; ');
  return updates.length > 0 ? updated(updates, problem) : without('skipped', problem ?? reasons.upToDate);
}

/** An update, undefined where there is nothing to do, or why nothing can be done. */
function decide(
  { workload }: Selected,
  container: NamedImage,
  { images }: ReleaseWorld,
): ContainerUpdate | string | undefined {
  const defined = definedContainer(workload, container);
  if (defined === undefined) return undefined;
  const filter = filterOf(workload.policies, container.name);
  const repository = images.get(canonicalName(container.image));
  if (repository === undefined) return reasons.imageNotFound;
  const found = filterImages(repository, filter);
  if ('unknown' in found) return `inconsistent repository metadata: nothing is known of the tag "${found.unknown}"`;
  const [newest] = found.images;
  if (newest === undefined) return reasons.imageNotFound;
  if (isImage(container.image, newest)) return undefined;
  const { tag = '' } = container.image;
  const current = repository.images.get(tag) ?? { tag };
  if (filter.order === 'created' && (current.created === undefined || newest.created === undefined)) {
    const unknown = current.created === undefined ? formatImageRef(container.image) : newest.tag;
    return `when "${unknown}" was created is not known, and the filter goes by it`;
  }
  const target = withImage(defined.image, newest);
  if (target === undefined) return reasons.pinned;
  if (isInGit(defined.image, target)) return undefined;
  const downgrade = isDowngrade(current, newest, filter.order);
  return { container: container.name, current: defined.image, target, ...(downgrade && { downgrade }) };
}
