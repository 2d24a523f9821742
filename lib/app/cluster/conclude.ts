import { Failure } from '../../domain/failure.ts';
import { hasHealth, healthOf } from '../../domain/health/health.ts';
import { type Action, noChanges, type ObjectResult } from '../../domain/jobs/run.ts';
import { groupKindOf, idOf, type KubeObject } from '../../domain/objects/kube-object.ts';
import { redact } from '../../domain/objects/redact.ts';
import type { HealthOutcome, Synced, WaitedObject } from '../outcome.ts';
import type { Applied } from './applied.ts';
import { failedObjects } from './failed-objects.ts';
import type { Prepared } from './prepare.ts';
import type { Pruned } from './prune.ts';

export interface Conclusion {
  readonly prepared: Prepared;
  readonly applied: readonly Applied[];
  readonly pruned: readonly Pruned[];
  /** What would have been deleted, and why nothing was. */
  readonly notPruned: readonly ObjectResult[];
  readonly warnings: readonly string[];
  /** Values that may not appear in any message. */
  readonly secrets: readonly string[];
  /** Why the run fails although every object was applied. */
  readonly error?: Failure;
}

export const objectsKept = 1000;

/** What a sync says of itself: the results of all objects, failures first, and how the run goes on. */
export function conclude(conclusion: Conclusion): Omit<Synced, 'kind' | 'revision'> {
  const { prepared, applied, pruned, secrets } = conclusion;
  const failed = failedObjects(conclusion);
  const results: ObjectResult[] = [...prepared.skipped.map(({ result }) => result), ...conclusion.notPruned];
  const waiting: string[] = [];
  let unchanged = 0;

  for (const { desired, decision } of prepared.planned) {
    if (decision.action === 'unchanged') unchanged++;
    if (decision.action === 'skip') results.push({ id: desired.id, action: 'skipped', error: decision.reason });
    if (decision.action === 'wait') {
      waiting.push(desired.id);
      results.push({ id: desired.id, action: 'skipped', error: decision.reason });
    }
  }
  for (const { desired, action, failure, taken = [] } of applied) {
    if (failure !== undefined) continue;
    if (action === 'unchanged') unchanged++;
    else
      results.push({
        id: desired.id,
        action,
        ...(taken.length === 0 ? {} : { warning: `took fields from ${taken.join('; ')}` }),
      });
  }
  for (const { result, failure } of pruned) if (failure === undefined) results.push(result);
  const health = judge(liveObjects(prepared, applied), secrets);
  const error = failed.error ?? conclusion.error ?? health.error;
  return {
    changes: count([...failed.results, ...results], unchanged),
    objects: [...failed.results, ...results].slice(0, objectsKept),
    warnings: [...conclusion.warnings, ...prepared.warnings].map((warning) => redact(warning, secrets)),
    health: waiting.length > 0 ? 'InProgress' : health.health,
    waitingFor: health.waitingFor,
    ...(waiting.length > 0 ? { againAfterSeconds: 5 } : {}),
    ...(error === undefined ? {} : { error }),
  };
}

export function count(results: readonly ObjectResult[], unchanged: number): Readonly<Record<Action, number>> {
  const changes = { ...noChanges, unchanged };
  for (const { action } of results) changes[action]++;
  return changes;
}

/** The whole objects of kinds that have a health, as this run saw them last. */
function liveObjects(prepared: Prepared, applied: readonly Applied[]): readonly KubeObject[] {
  const unchanged = prepared.planned.flatMap(({ decision }) =>
    decision.action === 'unchanged' ? [decision.live] : [],
  );
  return [...unchanged, ...applied.flatMap(({ live }) => (live === undefined ? [] : [live]))];
}

/** The health of objects together: Failed if one is, else InProgress if one is. */
export function judge(objects: readonly KubeObject[], secrets: readonly string[] = []): HealthOutcome {
  const failed: string[] = [];
  const waitingFor: WaitedObject[] = [];
  for (const object of objects) {
    if (!hasHealth(groupKindOf(object))) continue;
    const health = healthOf(object);
    const message = redact(health?.message ?? '', secrets);
    if (health?.status === 'Failed') failed.push(`${idOf(object)}: ${message}`);
    else if (health !== undefined && health.status !== 'Current') waitingFor.push({ object: bare(object), message });
  }
  if (failed.length === 0) return { health: waitingFor.length > 0 ? 'InProgress' : 'Current', waitingFor };
  const message = `Cannot make ${failed.length === 1 ? 'an object' : `${failed.length} objects`} healthy: ${failed.slice(0, 3).join('; ')}${failed.length > 3 ? '; …' : ''}`;
  return {
    health: 'InProgress',
    waitingFor,
    error: new Failure('user', message, {
      code: 'Unhealthy',
      help: 'Look at the events and logs of these objects; the next push or sync tries again',
    }),
  };
}

function bare({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
}
