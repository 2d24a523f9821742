import { digestOf } from '../digest.ts';
import { appliedAnnotation } from './annotations.ts';
import { type FieldSet, holds, missingFrom, union, without } from './fields.ts';
import type { KubeObject, ManagedFields } from './kube-object.ts';

/** Our field manager, one constant (APPLY §2). */
export const fieldManager = 'sluice';

/** Label of the members of an ApplySet (KEP-3659). */
export const partOfLabel = 'applyset.kubernetes.io/part-of';

/** What our last apply of an object owns; undefined if we never applied it. */
export function ownEntry(live: KubeObject): ManagedFields | undefined {
  return live.metadata.managedFields?.find(
    (entry) => entry.manager === fieldManager && entry.operation === 'Apply' && !entry.subresource,
  );
}

/** The membership test of APPLY §4: our label, put there by our own apply, on an object that nobody else owns. */
export function isMember(live: KubeObject, inventoryId: string): boolean {
  if (live.metadata.labels?.[partOfLabel] !== inventoryId) return false;
  if ((live.metadata.ownerReferences?.length ?? 0) > 0) return false;
  return holds(ownEntry(live)?.fieldsV1, ['metadata', 'labels', partOfLabel]);
}

/** 16 hexadecimal digits that change when somebody took a field of ours, but for the fields at `ignored`. */
export function ownFieldsDigest(live: KubeObject, ignored: readonly (readonly string[])[]): string | undefined {
  const fields = ownEntry(live)?.fieldsV1;
  if (fields === undefined) return undefined;
  return digestOf(ignored.reduce<FieldSet>(without, fields)).slice(0, 16);
}

/** Managers whose client-side applies and creates stand for "what git said before": ours to drop when git drops it. */
const predecessors: ReadonlySet<string> = new Set([
  'kubectl',
  'kubectl-client-side-apply',
  'kubectl-create',
  'fluxd',
  'before-first-apply',
]);

/** What the entries of kubectl and Flux v1 own together. */
export function predecessorFields(live: KubeObject): FieldSet {
  const entries = (live.metadata.managedFields ?? []).filter(isPredecessor);
  return entries.reduce<FieldSet>((all, entry) => union(all, entry.fieldsV1 ?? {}), {});
}

export function isPredecessor(entry: ManagedFields): boolean {
  return entry.operation === 'Update' && !entry.subresource && predecessors.has(entry.manager ?? '');
}

/**
 * `managedFields` with the entries of kubectl and Flux v1 merged into ours, so that the next apply drops what git no longer has;
 * undefined if there is nothing to take over (APPLY §2).
 */
export function takeOver(live: KubeObject): readonly ManagedFields[] | undefined {
  const entries = live.metadata.managedFields ?? [];
  const merged = entries.filter(isPredecessor);
  if (merged.length === 0) return undefined;
  const own = ownEntry(live);
  const fieldsV1 = union(own?.fieldsV1 ?? {}, predecessorFields(live));
  const apiVersion = own?.apiVersion ?? merged.at(-1)?.apiVersion;
  const entry = {
    manager: fieldManager,
    operation: 'Apply',
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1,
  } as ManagedFields;
  return [entry, ...entries.filter((other) => other !== own && !isPredecessor(other))];
}

/**
 * Whether our apply changed the object. Controllers write its status all the time, so another resourceVersion alone says nothing, nor does
 * the time of our entry then: the API server renews it, to the second, also when another writer came between. It tells of what only the
 * metadata is known of before, which are the kinds that no controller writes.
 */
export function isChanged(before: KubeObject, after: KubeObject): boolean {
  if (before.metadata.resourceVersion === after.metadata.resourceVersion) return false;
  const { metadata: was } = before;
  const { metadata: is } = after;
  if (was.annotations?.[appliedAnnotation] !== is.annotations?.[appliedAnnotation]) return true;
  if (was.labels?.[partOfLabel] !== is.labels?.[partOfLabel]) return true;
  if (ownFieldsDigest(before, []) !== ownFieldsDigest(after, [])) return true;
  const content = contentOf(before);
  if (Object.keys(content).length === 0) return ownEntry(before)?.time !== ownEntry(after)?.time;
  // API servers before 1.22 do not track who scales.
  return digestOf(content) !== digestOf(contentOf(after));
}

/** What is asked for; nothing of an object of which only the metadata is known. */
function contentOf(object: KubeObject): Readonly<Record<string, unknown>> {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, status: _status, ...content } = object;
  return content;
}

/** Fields that an apply of ours took from another manager: one text per manager, `kubectl-edit (spec.replicas)`. */
export function takenFields(before: KubeObject, after: KubeObject): readonly string[] {
  const taken: string[] = [];
  for (const entry of before.metadata.managedFields ?? []) {
    if (entry.manager === fieldManager || isPredecessor(entry)) continue;
    const left = after.metadata.managedFields?.find(
      (other) =>
        other.manager === entry.manager &&
        other.operation === entry.operation &&
        other.subresource === entry.subresource &&
        other.apiVersion === entry.apiVersion,
    );
    const fields = missingFrom(entry.fieldsV1 ?? {}, left?.fieldsV1 ?? {}).filter(
      (field) => !field.startsWith('status'),
    );
    if (fields.length > 0)
      taken.push(`${entry.manager} (${fields.slice(0, 5).join(', ')}${fields.length > 5 ? ', …' : ''})`);
  }
  return taken;
}
