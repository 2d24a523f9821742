import { stateOf } from '../../domain/failure.ts';
import { hasHealth } from '../../domain/health/health.ts';
import { isBuiltIn } from '../../domain/objects/built-in.ts';
import { groupKindOf, type Manifest } from '../../domain/objects/kube-object.ts';
import { isMember } from '../../domain/objects/ownership.ts';
import { decide, objectKey, planRemovals, type Removal } from '../../domain/objects/plan.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Cluster } from '../ports.ts';
import type { NarrowKinds } from '../records/narrow-kinds.ts';
import type { Planned } from './applied.ts';
import { type ReadInventory, readInventory } from './claim.ts';
import { seeApiService } from './find-kinds.ts';
import { type FindMovedPorts, findMoved } from './find-moved.ts';
import { locate, type Refused, type Skipped } from './locate.ts';
import { lookAt } from './look.ts';
import { listMembers, type Members, ownerOf } from './members.ts';

/** What a sync will do, decided before anything is touched. */
export interface Prepared {
  readonly read: ReadInventory;
  /** Inventories of the targets in `adopts`. */
  readonly adopted: readonly ReadInventory[];
  /** The inventory that the target had in another namespace, while it still has it: its members are ours. */
  readonly moved: ReadInventory | undefined;
  readonly members: Members;
  readonly planned: readonly Planned[];
  /** Left out by the settings or the kind. */
  readonly skipped: readonly Skipped[];
  /** Objects that cannot be applied: of unknown kinds, of other owners, or not to be read. */
  readonly refused: readonly Refused[];
  readonly removals: readonly Removal[];
  readonly warnings: readonly string[];
}

export interface PrepareRequest {
  readonly manifests: readonly Manifest[];
  readonly target: Target;
  /** All targets of the settings: another owner is named by them, and `adopts` finds its inventories. */
  readonly targets: readonly Target[];
  readonly knownFields: (uid: string, digest: string) => string | undefined;
  /** How an inventory that moves is found; absent for a plan, which does not tell of those. */
  readonly moves?: FindMovedPorts;
  /** Absent where nothing is remembered. */
  readonly narrow?: NarrowKinds;
}

/** Reads the inventory, its members and what the render meets for the first time, and decides. Nothing is written. */
export async function prepare(cluster: Cluster, request: PrepareRequest): Promise<Prepared> {
  const { target, targets } = request;
  const [located, read, adopted] = await Promise.all([
    locate(request.manifests, target, cluster),
    readInventory(cluster, target),
    Promise.all(target.adopts.map((name) => readInventory(cluster, adoptedTarget(name, request)))),
  ]);
  const moved = await readMoved(cluster, request, read);
  const others = moved === undefined ? adopted : [...adopted, moved];
  const members = await listMembers(cluster, {
    inventory: read.inventory,
    kinds: new Map(located.desired.map(({ kind }) => [groupKindOf(kind), kind])),
    adopts: others.filter(({ parent }) => parent !== undefined).map(({ inventory }) => inventory),
    allowNamespaces: target.allowNamespaces,
    ...(request.narrow === undefined ? {} : { narrow: request.narrow }),
    needsWhole: hasHealth,
  });
  const live = new Map(members.objects.map((object) => [objectKey(object), object]));
  const unknown = located.desired.filter(({ object }) => !live.has(objectKey(object)));
  const looked = await lookAt(cluster, unknown);
  for (const [key, object] of looked.live) live.set(key, object);

  const context = {
    inventoryId: read.inventory.id,
    adopted: new Set(others.map(({ inventory }) => inventory.id)),
    knownFields: request.knownFields,
  };
  const planned: Planned[] = [];
  const refused: Refused[] = [...located.refused];
  for (const desired of located.desired) {
    const { id, origin } = desired;
    const key = objectKey(desired.object);
    const unread = looked.unread.get(key);
    if (unread !== undefined) {
      const isSilent = unread.fault === 'server' && !isBuiltIn(desired.object);
      const help = unread.help ?? (isSilent ? seeApiService(desired.object.apiVersion) : undefined);
      refused.push({ id, origin, fault: unread.fault, state: stateOf(unread, '(?:read|list)'), help });
      continue;
    }
    const decision = decide(desired, live.get(key), context);
    if (decision.action !== 'refuse') {
      planned.push({ desired, decision });
      continue;
    }
    const owner = decision.owner === undefined ? undefined : await ownerOf(cluster, decision.owner, targets);
    if (owner === undefined) refused.push({ id, origin, fault: 'user', state: decision.reason });
    else {
      const help = `Remove it from one of the two; or, if "${target.name}" shall have it, list the other one in its adopts`;
      refused.push({ id, origin, fault: 'user', state: `it belongs to ${owner}`, help });
    }
  }
  const rendered = [...located.desired, ...located.skipped].map(({ object }) => objectKey(object));
  const uids = planned.flatMap(({ decision }) => ('live' in decision ? [decision.live.metadata.uid ?? ''] : []));
  const ids = ownIds({ read, moved });
  const own = members.objects.filter((object) => ids.some((id) => isMember(object, id)));
  return {
    read,
    adopted,
    moved,
    members,
    planned: withinGoingNamespaces(planned),
    skipped: located.skipped,
    refused,
    removals: planRemovals(own, new Set(rendered), new Set(uids)),
    warnings: located.warnings,
  };
}

/** What is in a Namespace of the render that is being deleted waits with it: the API server would refuse it until then. */
function withinGoingNamespaces(planned: readonly Planned[]): readonly Planned[] {
  const going = new Set(
    planned.flatMap(({ desired: { object }, decision }) =>
      object.kind === 'Namespace' && decision.action === 'wait' ? object.metadata.name : [],
    ),
  );
  if (going.size === 0) return planned;
  const reason = 'its namespace is being deleted; it is created once that is made anew';
  return planned.map(({ desired, decision }) => {
    const waits = going.has(desired.object.metadata.namespace ?? '') && decision.action !== 'skip';
    return { desired, decision: waits ? { action: 'wait', reason } : decision };
  });
}

/** The ids of the inventories whose members are this target's to delete. */
export function ownIds({ read, moved }: Pick<Prepared, 'read' | 'moved'>): readonly string[] {
  return moved === undefined ? [read.inventory.id] : [read.inventory.id, moved.inventory.id];
}

/** Undefined if the inventory is where it always was, or has arrived. */
async function readMoved(
  cluster: Cluster,
  { target, moves }: PrepareRequest,
  read: ReadInventory,
): Promise<ReadInventory | undefined> {
  if (moves === undefined) return undefined;
  if (read.parent === undefined) return await findMoved(cluster, target, moves);
  const { movedFrom } = read.inventory;
  if (movedFrom === undefined) return undefined;
  const moved = await readInventory(cluster, { name: target.name, inventory: { namespace: movedFrom } });
  return moved.parent === undefined ? undefined : moved;
}

/** A target that has vanished from the settings had its inventory where most have it: where this one has its own. */
function adoptedTarget(name: string, { target, targets }: PrepareRequest): Pick<Target, 'name' | 'inventory'> {
  return targets.find((other) => other.name === name) ?? { name, inventory: target.inventory };
}
