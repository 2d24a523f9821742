import { asFailure, Failure } from '../../domain/failure.ts';
import { findStay, type Inventory, type Stay } from '../../domain/objects/inventory.ts';
import { groupKindOf, idOf, type KubeObject } from '../../domain/objects/kube-object.ts';
import { isMember } from '../../domain/objects/ownership.ts';
import { redact, secretValues } from '../../domain/objects/redact.ts';
import type { Rendered } from '../../domain/objects/rendered.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { SyncContext, Synced } from '../outcome.ts';
import type { Clock, Cluster, Store } from '../ports.ts';
import { loadNarrowKinds } from '../records/narrow-kinds.ts';
import { loadOwnFields } from '../records/own-fields.ts';
import type { Applied } from './applied.ts';
import { applyAll, fieldsAfter } from './apply.ts';
import { type Claim, claim, removeParent, settle, sourceOf } from './claim.ts';
import { conclude } from './conclude.ts';
import { notPruned, obstacleToPrune } from './obstacle-to-prune.ts';
import { ownIds, type Prepared, prepare } from './prepare.ts';
import { type Pruned, prune } from './prune.ts';
import { stillMembers } from './still-members.ts';

export interface BringPorts {
  readonly store: Store;
  readonly clock: Clock;
  /** Rejects when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Names this installation of Sluice on the inventories that it holds. */
  readonly installation: string;
  readonly targets: readonly Target[];
}

export type Brought = Omit<Synced, 'kind' | 'revision'> | { readonly stay: Stay };

/** The cluster's half of the line: brings the objects of a target to what was rendered. No message of it holds a secret of the render. */
export async function bring(
  cluster: Cluster,
  rendered: Rendered,
  context: SyncContext,
  ports: BringPorts,
): Promise<Brought> {
  const secrets = secretValues(rendered.manifests.map(({ object }) => object));
  try {
    return await bringAll(cluster, rendered, secrets, context, ports);
  } catch (error) {
    const { fault, message, help, code } = asFailure(error);
    throw new Failure(fault, redact(message, secrets), {
      ...(help === undefined ? {} : { help }),
      ...(code === undefined ? {} : { code }),
    });
  }
}

async function bringAll(
  cluster: Cluster,
  rendered: Rendered,
  secrets: readonly string[],
  context: SyncContext,
  ports: BringPorts,
): Promise<Brought> {
  const { target } = context;
  const { store, clock } = ports;
  const [fields, narrow] = await Promise.all([
    loadOwnFields(store, target.name),
    loadNarrowKinds(store, target.name, clock),
  ]);
  const prepared = await prepare(cluster, {
    manifests: rendered.manifests,
    target,
    targets: ports.targets,
    moves: ports,
    knownFields: fields.get,
    narrow,
  });
  const { read, moved, adopted } = prepared;
  const { inventory } = read;
  const stay = findStay([read, ...(moved === undefined ? [] : [moved]), ...adopted].map((found) => found.inventory));
  if (stay !== undefined) return { stay };

  context.held();
  const claimed = await claimFor(cluster, prepared, context, ports);
  const applied = await applyAll(cluster, {
    inventoryId: inventory.id,
    planned: prepared.planned,
    held: context.held,
    sleep: (milliseconds) => ports.sleep(milliseconds, context.signal),
  });
  for (const result of applied) {
    const after = fieldsAfter(result);
    if (after !== undefined) fields.set(result.live?.metadata.uid ?? '', result.desired.digest, after);
  }
  await Promise.all([fields.save(), narrow.save()]);

  const obstacle = obstacleToPrune(prepared, applied, target);
  const pruned = obstacle === undefined ? await pruneAll(cluster, prepared, context) : [];
  if (claimed !== undefined) {
    context.held();
    const members = await stillMembers(cluster, target, prepared, applied, pruned);
    const hasMoved = await removeEmptyParents(cluster, prepared, applied, pruned);
    await settle(
      cluster,
      claimed,
      hasMoved || moved === undefined ? members : { ...members, movedFrom: moved.inventory.namespace },
    );
  }
  return conclude({
    prepared,
    applied,
    pruned,
    notPruned: obstacle === undefined ? [] : notPruned(prepared, obstacle),
    warnings: rendered.warnings,
    secrets,
    ...(obstacle?.failure === undefined ? {} : { error: obstacle.failure }),
  });
}

/** No claim is needed to do nothing for a target that has nothing. */
export async function claimFor(
  cluster: Cluster,
  prepared: Prepared,
  context: SyncContext,
  ports: Pick<BringPorts, 'installation' | 'clock'>,
): Promise<Claim | undefined> {
  const { target, job } = context;
  if (prepared.planned.length === 0 && prepared.read.parent === undefined && prepared.moved === undefined) return;
  const objects = prepared.planned.map(({ desired }) => desired.object);
  return await claim(cluster, {
    read: prepared.read,
    movedFrom: prepared.moved?.inventory.namespace,
    groupKinds: new Set(objects.map(groupKindOf)),
    namespaces: new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? [])),
    source: sourceOf(target),
    paths: target.source.paths,
    holder: { installation: ports.installation, run: job.run, time: new Date(ports.clock()).toISOString() },
    exclusiveSeconds: 3 * (target.interval || 3600),
    takeOver: job.takeOver ?? false,
  });
}

async function pruneAll(cluster: Cluster, prepared: Prepared, context: SyncContext): Promise<readonly Pruned[]> {
  return await prune(cluster, {
    removals: prepared.removals,
    kinds: prepared.members.kinds,
    inventoryIds: ownIds(prepared),
    memberUids: new Set(prepared.members.objects.map(({ metadata }) => metadata.uid ?? '')),
    held: context.held,
  });
}

/** Removes the parents of adopted and moved inventories that have no member left; true if a moved one is among them. */
async function removeEmptyParents(
  cluster: Cluster,
  prepared: Prepared,
  applied: readonly Applied[],
  pruned: readonly Pruned[],
): Promise<boolean> {
  if (prepared.members.unlisted.size > 0) return false;
  const gone = new Set(applied.flatMap(({ live }) => live?.metadata.uid ?? []));
  const deleted = new Set(pruned.flatMap(({ result }) => (result.action === 'deleted' ? [result.id] : [])));
  function isLeft(object: KubeObject, inventory: Inventory): boolean {
    return isMember(object, inventory.id) && !gone.has(object.metadata.uid ?? '') && !deleted.has(idOf(object));
  }
  let hasMoved = false;
  const { adopted, moved, members } = prepared;
  for (const other of moved === undefined ? adopted : [...adopted, moved]) {
    if (members.objects.some((object) => isLeft(object, other.inventory))) continue;
    await removeParent(cluster, other);
    hasMoved ||= other === moved;
  }
  return hasMoved;
}
