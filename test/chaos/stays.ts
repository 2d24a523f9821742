import { checkTarget, type Findings, type Holding, readHolding } from './check-cluster.ts';
import { type KubeObject, placesOf, readHeads } from './expected.ts';
import type { World } from './world.ts';

/** A target that shall stay as it is, whatever is pushed and whatever is lost. */
export interface Stay {
  readonly annotation: string;
  /** What it had when it was told to. */
  readonly head: readonly KubeObject[];
}

/** Of branches that others are deployed from, too. */
const chosen = [
  ['t01', 'sluice.dev/pinned'],
  ['t11', 'sluice.dev/suspended'],
] as const;
const reason = 'chaos, for all of its time';

/** Pins one target and suspends another in the cluster, as a person does, if they are at their heads. */
export async function tellToStay(world: World): Promise<ReadonlyMap<string, Stay>> {
  const [heads, holding] = [await readHeads(world), await readHolding(world.api.ask)];
  const stays = new Map<string, Stay>();
  for (const [target, annotation] of chosen) {
    const place = placesOf(world.streams).find((found) => found.target === target);
    const head = heads.get(target) ?? [];
    if (place === undefined || checkTarget(place, head, holding).lost.length > 0) continue;
    const path = `/api/v1/namespaces/default/configmaps/sluice-${target}`;
    const body = { metadata: { annotations: { [annotation]: reason } } };
    const { status } = await world.api.ask('PATCH', path, body, 'application/merge-patch+json');
    if (status === 200) stays.set(target, { annotation, head });
  }
  return stays;
}

export function checkStay(target: string, { annotation }: Stay, found: Findings, { inventories }: Holding): Findings {
  if (inventories.get(target)?.metadata.annotations?.[annotation] === reason) return found;
  return { ...found, lost: [...found.lost, `${target}: the annotation ${annotation} is gone`] };
}
