import { digestOf } from '../../domain/digest.ts';
import { asFailure, stateOf } from '../../domain/failure.ts';
import { noChanges, runErrorOf } from '../../domain/jobs/run.ts';
import { appliedAnnotation } from '../../domain/objects/annotations.ts';
import { stageOf } from '../../domain/objects/apply-order.ts';
import { groupOf, type KubeObject, type ResourceKind } from '../../domain/objects/kube-object.ts';
import { leaveFields } from '../../domain/objects/leave-fields.ts';
import type { PlannedObject, PlanView } from '../../domain/objects/plan-view.ts';
import { describeSecretRefusal, redact, secretValues } from '../../domain/objects/redact.ts';
import { withoutPredecessors } from '../../domain/objects/remove-fields.ts';
import type { Rendered } from '../../domain/objects/rendered.ts';
import type { Target } from '../../domain/settings/settings.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import type { Cluster } from '../ports.ts';
import type { Planned } from './applied.ts';
import { mark } from './apply.ts';
import { obstacleToPrune } from './obstacle-to-prune.ts';
import { type Prepared, prepare } from './prepare.ts';
import { viewRemovals } from './view-removals.ts';

/**
 * Who says that what is rendered are the paths of the target: its settings; nobody, but that the target is named or owns some of the objects;
 * or that there is no target at all.
 */
export type Standing = 'settings' | 'directory' | 'nobody';

/** What a sync of `rendered` would do, by dry runs of the cluster's own API server. Nothing is changed, nothing needs a store. */
export async function planTarget(
  cluster: Cluster,
  rendered: Rendered,
  target: Target,
  targets: readonly Target[],
  standing: Standing = 'settings',
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
    views.set(planned, await view(cluster, planned, prepared, { secrets, labels: standing !== 'nobody' }));
  });
  objects.push(...stages.flatMap((planned) => views.get(planned) ?? []));
  const obstacle = standing === 'nobody' ? undefined : obstacleToPrune(prepared, [...views.values()], target);
  if (standing !== 'nobody') {
    const other = standing === 'directory' ? otherPaths(prepared, target) : undefined;
    objects.push(...(await viewRemovals(cluster, prepared, other ?? obstacle?.reason)));
  }
  const summary = { ...noChanges };
  for (const { action } of objects) summary[action]++;
  return {
    objects: objects.filter(({ action }) => action !== 'unchanged'),
    summary,
    warnings: [...rendered.warnings, ...prepared.warnings].map((warning) => redact(warning, secrets)),
    ...(obstacle?.failure === undefined ? {} : { error: runErrorOf(obstacle.failure) }),
  };
}

/** The paths of a target are in its inventory: what another of them holds is not rendered here, and not to be deleted. */
function otherPaths({ read: { inventory } }: Prepared, { name, source }: Target): string | undefined {
  const given = new Set(source.paths.map(withoutDots));
  if (inventory.paths !== undefined && given.symmetricDifference(new Set(inventory.paths.map(withoutDots))).size === 0)
    return undefined;
  const found = inventory.paths === undefined ? 'paths that are not known' : `the paths ${inventory.paths.join(', ')}`;
  return `not judged: target "${name}" has ${found}, and this is a plan of ${source.paths.join(', ')} alone`;
}

function withoutDots(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

interface ViewOptions {
  readonly secrets: readonly string[];
  /** A sync would label the object as a member. */
  readonly labels: boolean;
}

async function view(
  cluster: Cluster,
  planned: Planned,
  prepared: Prepared,
  { secrets, labels }: ViewOptions,
): Promise<PlannedObject> {
  const { desired, decision } = planned;
  const { id, kind } = desired;
  if (decision.action === 'skip' || decision.action === 'wait') return { id, action: 'skipped', note: decision.reason };
  const before = 'live' in decision ? await cluster.get(kind, desired.object.metadata, { full: true }) : undefined;
  const action = before === undefined ? 'created' : 'configured';
  const marked = labels ? mark(desired, prepared.read.inventory.id) : desired.object;
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

/** Whether an apply would write anything: what a dry run answers is compared, but for what controllers write in between. */
function isSame(before: KubeObject, after: KubeObject): boolean {
  return digestOf(bare(before)) === digestOf(bare(after));
}

function bare({ status: _status, ...object }: KubeObject): unknown {
  const { managedFields: _fields, resourceVersion: _version, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Without the digest that we keep on it: it changes with everything and tells a reader nothing. */
function withoutMark(object: KubeObject): KubeObject {
  const { [appliedAnnotation]: _, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
}
