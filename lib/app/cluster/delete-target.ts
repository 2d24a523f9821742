import { Failure, stateOf } from '../../domain/failure.ts';
import type { SyncJob } from '../../domain/jobs/job.ts';
import { formatRevision } from '../../domain/jobs/revision.ts';
import type { ObjectResult, Run } from '../../domain/jobs/run.ts';
import { idOf, type KubeObject } from '../../domain/objects/kube-object.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { SyncContext, Synced } from '../outcome.ts';
import type { Cluster, Connect } from '../ports.ts';
import { loadNarrowKinds } from '../records/narrow-kinds.ts';
import { loadOwnFields } from '../records/own-fields.ts';
import { getRun } from '../records/runs.ts';
import { type BringPorts, claimFor } from './bring.ts';
import { removeParent } from './claim.ts';
import { count, objectsKept } from './conclude.ts';
import { listMembers } from './members.ts';
import { ownIds, type Prepared, prepare } from './prepare.ts';
import { type Pruned, prune } from './prune.ts';
import { release } from './release.ts';
import { withStoredKinds } from './stored-kinds.ts';

export interface DeleteTargetPorts extends Pick<BringPorts, 'store' | 'clock' | 'installation' | 'targets'> {
  readonly connect: Connect;
}

const againAfterSeconds = 5;
const kept = 'an annotation of the live object keeps it; it is no longer of this target';

/**
 * Removes a target from its cluster (APPLY §7): the line of a sync with no objects, and at its end the inventory's parent goes too.
 * `objects` deletes what the target owns, as prune does, but for what an annotation of the live object keeps; `orphan` deletes nothing.
 * What stays is no longer the target's. While an object is still being deleted the run comes again; where one cannot go it fails, and the
 * parent stays with what is left.
 */
export async function deleteTarget(
  context: SyncContext,
  remove: NonNullable<SyncJob['remove']>,
  ports: DeleteTargetPorts,
): Promise<Synced> {
  const { job, signal } = context;
  const { store, clock } = ports;
  const target = { ...context.target, adopts: [] };
  const revision = context.applied ?? formatRevision(target.source.branch, '0'.repeat(40));
  const earlier = await getRun(store, job.run);
  await context.started(revision);
  await using connection = await ports.connect(target.cluster, signal, context.held);
  const cluster = withStoredKinds(connection, store, clock);
  const narrow = await loadNarrowKinds(store, target.name, clock);
  const prepared = await prepare(cluster, {
    manifests: [],
    target,
    targets: ports.targets,
    moves: ports,
    knownFields: () => undefined,
    narrow,
  });

  context.held();
  const claimed = await claimFor(cluster, prepared, context, ports);
  refuseUnlisted(prepared.members.unlisted, target);
  const done =
    remove === 'orphan' ? await orphanAll(cluster, prepared, context) : await deleteAll(cluster, prepared, context);
  const left = await listLeft(cluster, prepared, target, narrow);
  if (left.length === 0 && claimed !== undefined) {
    context.held();
    if (prepared.moved !== undefined) await removeParent(cluster, prepared.moved);
    await removeParent(cluster, claimed);
  }
  // An empty set of fields that are still needed: a later sync starts anew.
  await Promise.all([narrow.save(), loadOwnFields(store, target.name).then((fields) => fields.save())]);
  return { kind: 'synced', revision, warnings: [], health: 'Current', ...conclude(done, left, earlier, target) };
}

function refuseUnlisted(unlisted: Prepared['members']['unlisted'], target: Target): void {
  for (const [kind, failure] of unlisted) {
    throw new Failure(
      failure.fault,
      `Cannot list the objects of kind ${kind} that "${target.name}" owns: ${stateOf(failure, 'list')}`,
      {
        help: 'The inventory stays until every kind of it can be listed; then the deletion can go on',
        code: 'NotListed',
      },
    );
  }
}

async function orphanAll(cluster: Cluster, prepared: Prepared, context: SyncContext): Promise<readonly Pruned[]> {
  const objects = prepared.removals.map(({ live }) => live);
  return await release(cluster, { ...ownOf(prepared), objects, held: context.held });
}

/** What is kept is released first: it is then not the target's, and a Namespace that holds it does not go with it. */
async function deleteAll(cluster: Cluster, prepared: Prepared, context: SyncContext): Promise<readonly Pruned[]> {
  const own = ownOf(prepared);
  const staying = prepared.removals.filter(({ action }) => action === 'keep').map(({ live }) => live);
  const released = await release(cluster, { ...own, objects: staying, held: context.held });
  const pruned = await prune(cluster, {
    ...own,
    removals: prepared.removals.filter(({ action }) => action !== 'keep'),
    memberUids: new Set(prepared.members.objects.map(({ metadata }) => metadata.uid ?? '')),
    held: context.held,
  });
  return [
    ...released.map(({ result, failure }): Pruned => {
      return failure === undefined
        ? { result: { id: result.id, action: 'skipped', error: kept, deletion: 'released' } }
        : { result, failure };
    }),
    ...pruned,
  ];
}

function ownOf(prepared: Prepared): {
  readonly kinds: Prepared['members']['kinds'];
  readonly inventoryIds: readonly string[];
} {
  return { kinds: prepared.members.kinds, inventoryIds: ownIds(prepared) };
}

/** The members that are there still, those that are being deleted among them. */
async function listLeft(
  cluster: Cluster,
  { read, moved, members, removals }: Prepared,
  target: Target,
  narrow: Awaited<ReturnType<typeof loadNarrowKinds>>,
): Promise<readonly KubeObject[]> {
  if (removals.length === 0) return [];
  const left = await listMembers(cluster, {
    inventory: read.inventory,
    adopts: moved === undefined ? [] : [moved.inventory],
    kinds: members.kinds,
    allowNamespaces: target.allowNamespaces,
    narrow,
    needsWhole: () => false,
  });
  refuseUnlisted(left.unlisted, target);
  return left.objects;
}

type Conclusion = Pick<Synced, 'changes' | 'objects' | 'againAfterSeconds' | 'error'>;

/** @param earlier the run as an attempt before this one left it. */
function conclude(
  done: readonly Pruned[],
  left: readonly KubeObject[],
  earlier: Run | undefined,
  target: Target,
): Conclusion {
  const deleting = left.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const waiting = new Map(deleting.map((live) => [idOf(live), waitingFor(live)]));
  const before = (earlier?.objects ?? []).flatMap(gone);
  const results = [...done.map(({ result }) => result), ...before].filter(({ id }) => !waiting.has(id));
  const all = [...results, ...waiting.values()].toSorted((a, b) => rank(a) - rank(b));
  const changes = count(all, 0);
  const listed = earlier?.objects.length ?? 0;
  const unlisted = Object.values(earlier?.changes ?? {}).reduce((sum, number) => sum + number, 0) - listed;
  const error = failureOf(done, deleting.length === 0 ? left : [], target);
  return {
    changes: { ...changes, deleted: changes.deleted + unlisted },
    objects: all.slice(0, objectsKept),
    ...(error ? { error } : left.length > 0 && { againAfterSeconds }),
  };
}

/** What is settled of an earlier attempt; what it waited for and is not there any more was deleted. */
function gone(result: ObjectResult): ObjectResult[] {
  const { id, action, deletion } = result;
  if (deletion === 'released') return [result];
  return action === 'deleted' || deletion === 'going' ? [{ id, action: 'deleted' }] : [];
}

function waitingFor(live: KubeObject): ObjectResult {
  const { finalizers = [] } = live.metadata;
  const whose = finalizers.length === 0 ? '' : `; its finalizers: ${finalizers.join(', ')}`;
  return { id: idOf(live), action: 'skipped', error: `it is still being deleted${whose}`, deletion: 'going' };
}

/** Failures first. */
function rank({ action }: ObjectResult): number {
  return action === 'failed' ? 0 : action === 'skipped' ? 1 : 2;
}

/** @param stuck members that nothing will remove. */
function failureOf(done: readonly Pruned[], stuck: readonly KubeObject[], target: Target): Failure | undefined {
  const failures = done.flatMap(({ result, failure }) => (failure === undefined ? [] : [{ ...result, failure }]));
  const ids = new Set(stuck.map(idOf));
  const skipped = done.flatMap(({ result }) => (ids.has(result.id) ? [result] : []));
  const staying = failures.length > 0 ? failures : skipped;
  const [first] = staying;
  if (first === undefined) return undefined;
  const faults = failures.map(({ failure }) => failure.fault);
  const fault = faults.find((found) => found === 'server') ?? faults[0] ?? 'user';
  const which = staying.length === 1 ? '' : `${staying.length} of its objects stay, the first `;
  return new Failure(fault, `Cannot delete "${target.name}": ${which}"${first.id}": ${first.error ?? 'it stays'}`, {
    code: 'ObjectsFailed',
    help: `Remove what is in the way and repeat "sluice delete ${target.name}"; with --orphan what is left stays in the cluster`,
  });
}
