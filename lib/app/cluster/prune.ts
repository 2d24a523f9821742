import { asFailure, Failure } from '../../domain/failure.ts';
import type { ObjectResult } from '../../domain/jobs/run.ts';
import { stageOf } from '../../domain/objects/apply-order.ts';
import {
  type GroupKind,
  groupKindOf,
  idOf,
  type KubeObject,
  type ResourceKind,
} from '../../domain/objects/kube-object.ts';
import { isMember } from '../../domain/objects/ownership.ts';
import type { Removal } from '../../domain/objects/plan.ts';
import { mapInFlight, requestsInFlight } from '../in-flight.ts';
import type { Cluster } from '../ports.ts';
import { whatItHolds } from './what-it-holds.ts';

export interface PruneRequest {
  readonly removals: readonly Removal[];
  /** The claimed kinds, as listed. */
  readonly kinds: ReadonlyMap<GroupKind, ResourceKind>;
  /** Of the inventories whose members are ours to delete. */
  readonly inventoryIds: readonly string[];
  /** Uids of all members before the prune: what belongs to one of them goes with it. */
  readonly memberUids: ReadonlySet<string>;
  /** Throws when the run may write no more. */
  readonly held: () => void;
}

export interface Pruned {
  readonly result: ObjectResult;
  readonly failure?: Failure;
}

/** Deletes what git no longer has, in reverse order of applying; each delete holds only for the object that was looked at (APPLY §5). */
export async function prune(cluster: Cluster, request: PruneRequest): Promise<readonly Pruned[]> {
  const pruned: Pruned[] = [];
  const stages = Map.groupBy(request.removals, ({ live }) => stageOf(live));
  for (const stage of [...stages.keys()].sort((a, b) => b - a)) {
    const results = await mapInFlight(stages.get(stage) ?? [], requestsInFlight, (removal) => {
      request.held();
      return pruneOne(cluster, removal, request);
    });
    pruned.push(...results.filter((result) => result !== undefined));
  }
  return pruned;
}

/** Undefined for what is on its way already. */
async function pruneOne(cluster: Cluster, removal: Removal, request: PruneRequest): Promise<Pruned | undefined> {
  const id = idOf(removal.live);
  if (removal.action === 'wait') return undefined;
  if (removal.action === 'keep') return { result: { id, action: 'skipped', error: removal.reason } };
  try {
    return { result: await remove(cluster, removal, request) };
  } catch (error) {
    request.held();
    return { result: { id, action: 'failed' }, failure: asFailure(error) };
  }
}

async function remove(
  cluster: Cluster,
  removal: Extract<Removal, { action: 'delete' }>,
  request: PruneRequest,
): Promise<ObjectResult> {
  const id = idOf(removal.live);
  const kind = request.kinds.get(groupKindOf(removal.live));
  if (kind === undefined) throw new Failure('server', `Cannot delete "${id}": its kind was not listed`);
  if (!removal.cascades) {
    const held = await whatItHolds(cluster, removal.live, request);
    if (held !== undefined)
      return {
        id,
        action: 'skipped',
        error: `${held}; annotate it with sluice.dev/prune: cascade to delete it with them`,
      };
  }
  let live: KubeObject | undefined = removal.live;
  for (let attempt = 0; live !== undefined && attempt < 5; attempt++) {
    try {
      const { uid, resourceVersion } = live.metadata;
      await cluster.delete(kind, live.metadata, {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      });
      return { id, action: 'deleted' };
    } catch (error) {
      if (asFailure(error).code !== 'Conflict') throw error;
      // Somebody wrote it since the LIST: it is looked at again.
      const fresh: KubeObject | undefined = await cluster.get(kind, live.metadata);
      if (
        fresh !== undefined &&
        (fresh.metadata.uid !== removal.live.metadata.uid || !request.inventoryIds.some((own) => isMember(fresh, own)))
      ) {
        return { id, action: 'skipped', error: 'it has another owner by now' };
      }
      live = fresh;
    }
  }
  if (live === undefined) return { id, action: 'deleted' };
  throw new Failure('server', `Cannot delete "${id}": it changes all the time`);
}
