import { canonicalName } from '../images/image-ref.ts';
import { filterOf } from '../images/policies.ts';
import type { TagFilter } from '../images/tag-filter.ts';
import type { DefinedWorkload } from './release-world.ts';

/** What is to be known of an image repository before a release is decided. */
export interface RepositoryNeed {
  readonly filters: readonly TagFilter[];
  /** Tags that are in use. */
  readonly current: readonly string[];
}

/** By canonical name, what the choice for these workloads needs. */
export function repositoryNeeds(workloads: readonly DefinedWorkload[]): ReadonlyMap<string, RepositoryNeed> {
  const uses = workloads.flatMap(({ policies, containers }) =>
    containers.map(({ name, image }) => ({ filter: filterOf(policies, name), image })),
  );
  const groups = Map.groupBy(uses, ({ image }) => canonicalName(image));
  return new Map(
    [...groups].map(([name, group]) => {
      const filters = new Map(group.map(({ filter }) => [filter.text, filter]));
      const current = new Set(group.flatMap(({ image }) => image.tag ?? []));
      return [name, { filters: [...filters.values()], current: [...current] }];
    }),
  );
}
