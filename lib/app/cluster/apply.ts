import { asFailure, Failure } from '../../domain/failure.ts';
import { appliedAnnotation, mayRecreate } from '../../domain/objects/annotations.ts';
import { stageOf } from '../../domain/objects/apply-order.ts';
import type { KubeObject } from '../../domain/objects/kube-object.ts';
import { leaveFields } from '../../domain/objects/leave-fields.ts';
import { isChanged, ownFieldsDigest, partOfLabel, takenFields } from '../../domain/objects/ownership.ts';
import type { Desired } from '../../domain/objects/plan.ts';
import { mapInFlight, requestsInFlight } from '../in-flight.ts';
import type { Cluster } from '../ports.ts';
import { waitUntil } from '../wait-until.ts';
import type { Applied, Planned } from './applied.ts';
import { takeOverFields } from './take-over-fields.ts';
import { waitForCrds } from './wait-for-crds.ts';

export interface ApplyRequest {
  readonly inventoryId: string;
  readonly planned: readonly Planned[];
  /** Throws when the run may write no more. */
  readonly held: () => void;
  /** Rejects when the run may not go on. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/**
 * Applies what is planned as `create` or `configure`, stage by stage, many at once; an object that fails does not stop the others.
 * CRDs are waited for before the kinds that they define (APPLY §2).
 */
export async function applyAll(cluster: Cluster, request: ApplyRequest): Promise<readonly Applied[]> {
  const results: Applied[] = [];
  const touched = request.planned.filter(
    ({ decision }) => decision.action === 'create' || decision.action === 'configure',
  );
  const stages = Map.groupBy(touched, ({ desired }) => stageOf(desired.object));
  for (const stage of [...stages.keys()].sort((a, b) => a - b)) {
    const applied = await mapInFlight(stages.get(stage) ?? [], requestsInFlight, (planned) => {
      request.held();
      return applyOne(cluster, planned, request);
    });
    results.push(...applied);
    if (stage === 0) {
      for (const failed of await waitForCrds(cluster, results, request.sleep)) {
        results.splice(
          results.findIndex(({ desired }) => desired === failed.desired),
          1,
          failed,
        );
      }
    }
  }
  return results;
}

async function applyOne(cluster: Cluster, { desired, decision }: Planned, request: ApplyRequest): Promise<Applied> {
  const before = decision.action === 'configure' ? decision.live : undefined;
  try {
    const fields = decision.action === 'configure' ? decision.takeOver : undefined;
    if (before !== undefined && fields !== undefined) await takeOverFields(cluster, desired.kind, before, fields);
    const object = await applyObject(cluster, desired, before !== undefined, request);
    const action = before === undefined ? 'created' : isChanged(before, object) ? 'configured' : 'unchanged';
    return { desired, action, live: object, taken: before === undefined ? [] : takenFields(before, object) };
  } catch (error) {
    // A run that is stopped has not failed.
    request.held();
    return { desired, action: 'failed', failure: asFailure(error) };
  }
}

async function applyObject(
  cluster: Cluster,
  desired: Desired,
  exists: boolean,
  request: ApplyRequest,
): Promise<KubeObject> {
  const marked = mark(desired, request.inventoryId);
  const whole =
    exists && desired.leave.length > 0
      ? await cluster.get(desired.kind, desired.object.metadata, { full: true })
      : undefined;
  const object = whole === undefined ? marked : leaveFields(marked, whole, desired.leave);
  try {
    return await cluster.apply(desired.kind, object);
  } catch (error) {
    if (!mayRecreate(desired.object) || !isImmutable(asFailure(error))) throw error;
    await cluster.delete(desired.kind, desired.object.metadata);
    await waitUntilGone(cluster, desired, request);
    return await cluster.apply(desired.kind, marked);
  }
}

/** The manifest with what says that it is ours, in the same request as the values (APPLY §2). */
export function mark(desired: Desired, inventoryId: string): KubeObject {
  const { metadata } = desired.object;
  return {
    ...desired.object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [partOfLabel]: inventoryId },
      annotations: { ...metadata.annotations, [appliedAnnotation]: desired.digest },
    },
  };
}

function isImmutable(failure: Failure): boolean {
  return (
    failure.code === 'Invalid' &&
    /immutable|may not (be changed|change once set)|updates to \S+ spec for fields other than/i.test(failure.message)
  );
}

const goneWithinMilliseconds = 30_000;

async function waitUntilGone(cluster: Cluster, desired: Desired, request: ApplyRequest): Promise<void> {
  async function isGone(): Promise<boolean> {
    return (await cluster.get(desired.kind, desired.object.metadata)) === undefined;
  }
  if (await waitUntil(isGone, goneWithinMilliseconds, request.sleep)) return;
  throw new Failure(
    'server',
    `Cannot create "${desired.id}" anew: it is still being deleted after ${goneWithinMilliseconds / 1000} s`,
  );
}

/** The digest of our fields to remember; undefined for an object that was not applied. */
export function fieldsAfter(applied: Applied): string | undefined {
  return applied.live === undefined ? undefined : ownFieldsDigest(applied.live, applied.desired.leave);
}
