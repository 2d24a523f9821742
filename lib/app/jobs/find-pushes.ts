import type { Change, GitChange } from '../../domain/jobs/change.ts';
import { repositoryLocation } from '../../domain/jobs/repository-url.ts';
import type { Target } from '../../domain/settings/settings.ts';

/** A change of the branch of a target. */
export interface Push {
  readonly target: Target;
  readonly change: GitChange;
}

/** The targets that changes concern: one push for each, of the last change that does. */
export function findPushes(changes: readonly Change[], targets: ReadonlyMap<string, Target>): readonly Push[] {
  const pushes = new Map<string, Push>();
  for (const change of changes) {
    if (change.kind !== 'git') continue;
    for (const target of concerned(change, targets)) pushes.set(target.name, { target, change });
  }
  return [...pushes.values()];
}

function concerned({ urls, ref }: GitChange, targets: ReadonlyMap<string, Target>): ReadonlySet<Target> {
  const index = indexOf(targets);
  const locations = urls.map(repositoryLocation).filter((location) => location !== undefined);
  return new Set(locations.flatMap((location) => index.get(keyOf(location, ref)) ?? []));
}

type Index = ReadonlyMap<string, readonly Target[]>;

/** Made once for the targets of a server: reading the addresses of a hundred takes longer than all else of a delivery. */
const indexes = new WeakMap<ReadonlyMap<string, Target>, Index>();

function indexOf(targets: ReadonlyMap<string, Target>): Index {
  const known = indexes.get(targets);
  if (known !== undefined) return known;
  const index = Map.groupBy(targets.values(), ({ source }) => {
    return keyOf(repositoryLocation(source.url) ?? '', `refs/heads/${source.branch}`);
  });
  indexes.set(targets, index);
  return index;
}

function keyOf(location: string, ref: string): string {
  return `${location} ${ref}`;
}
