import { groupKindOf, idOf } from '../../domain/objects/kube-object.ts';
import type { Removal } from '../../domain/objects/plan.ts';
import type { PlannedObject } from '../../domain/objects/plan-view.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import type { Cluster } from '../ports.ts';
import { ownIds, type Prepared } from './prepare.ts';
import { whatItHolds } from './what-it-holds.ts';

/**
 * What becomes of the members that are not rendered, as a plan shows it.
 *
 * @param kept why a sync would delete none of them; undefined if nothing is in the way.
 */
export async function viewRemovals(
  cluster: Cluster,
  prepared: Prepared,
  kept: string | undefined,
): Promise<readonly PlannedObject[]> {
  const views = new Map<Removal, PlannedObject>();
  const memberUids = new Set(prepared.members.objects.map(({ metadata }) => metadata.uid ?? ''));
  const request = { kinds: prepared.members.kinds, inventoryIds: ownIds(prepared), memberUids };

  async function view(removal: Exclude<Removal, { action: 'wait' }>): Promise<PlannedObject> {
    const { live } = removal;
    const id = idOf(live);
    if (removal.action === 'keep') return { id, action: 'skipped', note: removal.reason };
    const held = kept ?? (removal.cascades ? undefined : await whatItHolds(cluster, live, request));
    if (held !== undefined) return { id, action: 'skipped', note: held };
    const kind = prepared.members.kinds.get(groupKindOf(live));
    const before = kind && (await cluster.get(kind, live.metadata, { full: true }));
    return { id, action: 'deleted', before: before ?? live };
  }
  await forEachInFlight(prepared.removals, requestsInFlight, async (removal) => {
    if (removal.action !== 'wait') views.set(removal, await view(removal));
  });
  return prepared.removals.flatMap((removal) => views.get(removal) ?? []);
}
