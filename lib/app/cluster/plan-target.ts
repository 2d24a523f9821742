import { digestOf } from '../../domain/digest.ts';
import { asFailure, stateOf } from '../../domain/failure.ts';
import { noChanges } from '../../domain/jobs/run.ts';
import { appliedAnnotation } from '../../domain/objects/annotations.ts';
import { stageOf } from '../../domain/objects/apply-order.ts';
import { groupKindOf, groupOf, idOf, type KubeObject, type ResourceKind } from '../../domain/objects/kube-object.ts';
import { leaveFields } from '../../domain/objects/leave-fields.ts';
import type { PlannedObject, PlanView } from '../../domain/objects/plan-view.ts';
import { describeSecretRefusal, redact, secretValues } from '../../domain/objects/redact.ts';
import { withoutPredecessors } from '../../domain/objects/remove-fields.ts';
import type { Target } from '../../domain/settings/settings.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import type { Cluster, Rendered } from '../ports.ts';
import type { Planned } from './applied.ts';
import { mark } from './apply.ts';
import { ownIds, type Prepared, prepare } from './prepare.ts';
import { whatItHolds } from './what-it-holds.ts';

/** What a sync of `rendered` would do, by dry runs of the cluster's own API server. Nothing is changed, nothing needs a store. */
export async function planTarget(
  cluster: Cluster,
  rendered: Rendered,
  target: Target,
  targets: readonly Target[],
): Promise<PlanView> {
  const secrets = secretValues(rendered.manifests.map(({ object }) => object));
  const prepared = await prepare(cluster, {
    manifests: rendered.manifests,
    target,
    targets,
    knownFields: () => undefined,
  });
  const objects: PlannedObject[] = [
    ...prepared.refused.map(
      ({ id, origin, state }) => ({ id, action: 'failed', note: redact(`${origin}: ${state}`, secrets) }) as const,
    ),
    ...prepared.skipped.map(({ result: { id, error = '' } }) => ({ id, action: 'skipped', note: error }) as const),
  ];
  const stages = prepared.planned.toSorted((a, b) => stageOf(a.desired.object) - stageOf(b.desired.object));
  const views = new Map<Planned, PlannedObject>();
  await forEachInFlight(stages, requestsInFlight, async (planned) => {
    views.set(planned, await view(cluster, planned, prepared, secrets));
  });
  objects.push(...stages.flatMap((planned) => views.get(planned) ?? []));
  objects.push(...(await viewRemovals(cluster, prepared, target)));
  const summary = { ...noChanges };
  for (const { action } of objects) summary[action]++;
  return {
    objects: objects.filter(({ action }) => action !== 'unchanged'),
    summary,
    warnings: [...rendered.warnings, ...prepared.warnings].map((warning) => redact(warning, secrets)),
  };
}

async function view(
  cluster: Cluster,
  planned: Planned,
  prepared: Prepared,
  secrets: readonly string[],
): Promise<PlannedObject> {
  const { desired, decision } = planned;
  const { id, kind } = desired;
  if (decision.action === 'skip' || decision.action === 'wait') return { id, action: 'skipped', note: decision.reason };
  const before = 'live' in decision ? await cluster.get(kind, desired.object.metadata, { full: true }) : undefined;
  const action = before === undefined ? 'created' : 'configured';
  const marked = mark(desired, prepared.read.inventory.id);
  const object = before === undefined ? marked : leaveFields(marked, before, desired.leave);
  try {
    const after = await cluster.apply(kind, object, { dryRun: true });
    if (before === undefined) return { id, action, after: withoutMark(after) };
    const result =
      'takeOver' in decision ? withoutPredecessors(before, after, await fresh(cluster, kind, marked)) : after;
    return isSame(before, result)
      ? { id, action: 'unchanged' }
      : { id, action, before: withoutMark(before), after: withoutMark(result) };
  } catch (error) {
    const failure = asFailure(error);
    const maker = whoMakesRoom(desired.object, prepared);
    if (before === undefined && maker !== undefined && (failure.code === 'NotFound' || failure.code === 'NotServed')) {
      return { id, action: 'created', after: desired.object, note: `not tried: ${maker} is created by the same plan` };
    }
    if (failure.code === 'DryRunUnsupported') {
      const note = `not tried: ${failure.help ?? failure.message}`;
      return { id, action, ...(before === undefined ? {} : { before }), after: desired.object, note };
    }
    const note =
      kind.kind === 'Secret'
        ? describeSecretRefusal(failure.message, failure.code)
        : redact(stateOf(failure, 'apply'), secrets);
    return { id, action: 'failed', note: `${desired.origin}: ${note}` };
  }
}

/** The object as it would be created anew, under another name; undefined if that cannot be tried. */
async function fresh(cluster: Cluster, kind: ResourceKind, object: KubeObject): Promise<KubeObject | undefined> {
  const renamed = {
    ...object,
    metadata: { ...object.metadata, name: `${object.metadata.name.slice(0, 40)}-sluice-plan` },
  };
  return await cluster.apply(kind, renamed, { dryRun: true }).catch(() => undefined);
}

/** The Namespace or CRD of this plan without which the object cannot even be tried. */
function whoMakesRoom(object: KubeObject, prepared: Prepared): string | undefined {
  const created = prepared.planned
    .filter(({ decision }) => decision.action === 'create')
    .map(({ desired }) => desired.object);
  const namespace = created.find(
    ({ kind, metadata }) => kind === 'Namespace' && metadata.name === object.metadata.namespace,
  );
  if (namespace !== undefined) return `namespace "${namespace.metadata.name}"`;
  const group = groupOf(object.apiVersion);
  const crd = created.find(
    ({ kind, metadata }) => kind === 'CustomResourceDefinition' && metadata.name.endsWith(`.${group}`),
  );
  return crd === undefined ? undefined : `CustomResourceDefinition "${crd.metadata.name}"`;
}

/** Whether an apply would write anything. A dry run does not raise the resourceVersion, so what it answers is compared. */
function isSame(before: KubeObject, after: KubeObject): boolean {
  return digestOf({ ...before, metadata: bare(before) }) === digestOf({ ...after, metadata: bare(after) });
}

function bare({ metadata: { managedFields: _, ...metadata } }: KubeObject): unknown {
  return metadata;
}

/** Without the digest that we keep on it: it changes with everything and tells a reader nothing. */
function withoutMark(object: KubeObject): KubeObject {
  const { [appliedAnnotation]: _, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
}

async function viewRemovals(cluster: Cluster, prepared: Prepared, target: Target): Promise<readonly PlannedObject[]> {
  const objects: PlannedObject[] = [];
  const nothingLeft = prepared.planned.length + prepared.skipped.length === 0 && !target.allowEmpty;
  await forEachInFlight(prepared.removals, requestsInFlight, async (removal) => {
    const id = idOf(removal.live);
    if (removal.action === 'wait') return;
    if (removal.action === 'keep') return void objects.push({ id, action: 'skipped', note: removal.reason });
    if (!target.prune) return void objects.push({ id, action: 'skipped', note: 'kept: prune is off' });
    if (nothingLeft)
      return void objects.push({ id, action: 'skipped', note: 'kept: nothing is rendered, and allowEmpty is off' });
    const memberUids = new Set(prepared.members.objects.map(({ metadata }) => metadata.uid ?? ''));
    const request = { kinds: prepared.members.kinds, inventoryIds: ownIds(prepared), memberUids };
    const held = removal.cascades ? undefined : await whatItHolds(cluster, removal.live, request);
    if (held !== undefined) return void objects.push({ id, action: 'skipped', note: held });
    const kind = prepared.members.kinds.get(groupKindOf(removal.live));
    const before = kind && (await cluster.get(kind, removal.live.metadata, { full: true }));
    objects.push({ id, action: 'deleted', before: before ?? removal.live });
  });
  return objects;
}
