import { appliedAnnotation, applyMode, cascades, ignorePolicy, isKept } from './annotations.ts';
import { stageOf } from './apply-order.ts';
import { isDraft } from './draft.ts';
import type { KubeObject, ManagedFields, ResourceKind } from './kube-object.ts';
import type { FieldPath } from './leave-fields.ts';
import { isMember, ownFieldsDigest, partOfLabel, takeOver } from './ownership.ts';

/** An object of the render, ready to be applied. */
export interface Desired {
  /** `namespace:kind/name`, with the effective namespace. */
  readonly id: string;
  /** Normalised; without our label and annotation. */
  readonly object: KubeObject;
  readonly kind: ResourceKind;
  /** sha256 of `object`. */
  readonly digest: string;
  readonly leave: readonly FieldPath[];
  /** File, and line where it is known. */
  readonly origin: string;
}

/** What will happen to an object of the render; decided before anything is touched. */
export type Decision =
  | { readonly action: 'create' }
  | { readonly action: 'configure'; readonly live: KubeObject; readonly takeOver?: readonly ManagedFields[] }
  | { readonly action: 'unchanged'; readonly live: KubeObject }
  | { readonly action: 'skip'; readonly reason: string }
  | { readonly action: 'refuse'; readonly reason: string; readonly owner?: string }
  /** It is being deleted: it is created once it is gone. */
  | { readonly action: 'wait'; readonly reason: string };

export interface DecisionContext {
  readonly inventoryId: string;
  /** Ids of the inventories whose objects this target takes over. */
  readonly adopted: ReadonlySet<string>;
  /** Digest of our fields after our last apply of this manifest to the object with this uid; undefined if it is not known. */
  knownFields(uid: string, digest: string): string | undefined;
}

/** `live` is the metadata of the object as it is now, if there is one (APPLY §2). */
export function decide(desired: Desired, live: KubeObject | undefined, context: DecisionContext): Decision {
  const mode = applyMode(desired.object);
  if (ignorePolicy(desired.object) === 'true') return { action: 'skip', reason: 'fluxcd.io/ignore is "true" in git' };
  if (mode === 'ignore') return { action: 'skip', reason: 'kustomize.toolkit.fluxcd.io says not to apply it' };
  if (live === undefined) return { action: 'create' };
  if (ignorePolicy(live) === 'true') return { action: 'skip', reason: 'fluxcd.io/ignore is "true" on the live object' };
  if (live.metadata.deletionTimestamp !== undefined) {
    return { action: 'wait', reason: 'it is being deleted and will be created once it is gone' };
  }
  if (mode === 'if-not-present')
    return { action: 'skip', reason: 'it exists, and kustomize.toolkit.fluxcd.io/ssa is "IfNotPresent"' };
  if (isMember(live, context.inventoryId)) {
    return isUnchanged(desired, live, context) ? { action: 'unchanged', live } : { action: 'configure', live };
  }
  const owner = live.metadata.labels?.[partOfLabel];
  if (owner !== undefined && owner !== context.inventoryId && !context.adopted.has(owner)) {
    return { action: 'refuse', reason: 'it belongs to another inventory', owner };
  }
  const controller = live.metadata.ownerReferences?.find((reference) => reference.controller);
  if (controller !== undefined) {
    return { action: 'refuse', reason: `it is controlled by ${controller.kind} "${controller.name}"` };
  }
  const fields = mode === 'merge' ? undefined : takeOver(live);
  return { action: 'configure', live, ...(fields === undefined ? {} : { takeOver: fields }) };
}

function isUnchanged(desired: Desired, live: KubeObject, context: DecisionContext): boolean {
  if (live.metadata.annotations?.[appliedAnnotation] !== desired.digest) return false;
  const known = context.knownFields(live.metadata.uid ?? '', desired.digest);
  return known !== undefined && known === ownFieldsDigest(live, desired.leave) && !isScaled(desired, live);
}

/** API servers before 1.22 do not track in managedFields who scales; workloads are listed whole, so their replicas are there to see. */
function isScaled({ object, leave }: Desired, live: KubeObject): boolean {
  const wanted = isDraft(object.spec) ? object.spec.replicas : undefined;
  if (wanted === undefined || !isDraft(live.spec) || leave.some((path) => path.join('/') === 'spec/replicas'))
    return false;
  return live.spec.replicas !== wanted;
}

/** What becomes of a member of the inventory that git no longer has. */
export type Removal =
  | { readonly action: 'delete'; readonly live: KubeObject; readonly cascades: boolean }
  | { readonly action: 'keep'; readonly live: KubeObject; readonly reason: string }
  /** Deleted already, but not gone. */
  | { readonly action: 'wait'; readonly live: KubeObject };

/**
 * Removals in the order in which they are carried out. `members` are live objects that carry our label, `rendered` the keys
 * (`objectKey`) and `uids` the uids of what this run renders or applied under whatever group (APPLY §5).
 */
export function planRemovals(
  members: readonly KubeObject[],
  rendered: ReadonlySet<string>,
  uids: ReadonlySet<string>,
): readonly Removal[] {
  const removals: Removal[] = [];
  const seen = new Set(uids);
  for (const live of members) {
    const uid = live.metadata.uid ?? '';
    if (rendered.has(objectKey(live)) || seen.has(uid)) continue;
    seen.add(uid);
    if (live.metadata.deletionTimestamp !== undefined) removals.push({ action: 'wait', live });
    else if (isKept(live)) removals.push({ action: 'keep', live, reason: 'an annotation of the live object keeps it' });
    else removals.push({ action: 'delete', live, cascades: cascades(live) });
  }
  return removals.sort((a, b) => stageOf(b.live) - stageOf(a.live));
}

/** Names an object among all of a cluster, whatever version it is read in. */
export function objectKey(object: KubeObject): string {
  const slash = object.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : object.apiVersion.slice(0, slash);
  return `${group}/${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
