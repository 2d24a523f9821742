import { type Draft, isDraft } from './draft.ts';
import { type FieldSet, union } from './fields.ts';
import type { KubeObject } from './kube-object.ts';
import { isPredecessor, ownEntry, predecessorFields } from './ownership.ts';

/**
 * What an object will be once the fields of kubectl and Flux v1 are ours and git does not have them. A dry run does not show it, because the
 * take-over is a request before the apply (APPLY §2).
 *
 * @param before the live object.
 * @param after what a dry run of the apply answers.
 * @param fresh what a dry run of creating it anew answers: kubectl's entries hold the API server's defaults, and these come back.
 */
export function withoutPredecessors(before: KubeObject, after: KubeObject, fresh: KubeObject | undefined): KubeObject {
  const own = ownEntry(before);
  const others = (before.metadata.managedFields ?? []).filter((entry) => entry !== own && !isPredecessor(entry));
  const kept = others.reduce<FieldSet>(
    (all, entry) => union(all, entry.fieldsV1 ?? {}),
    ownEntry(after)?.fieldsV1 ?? {},
  );
  const object = structuredClone(after) as unknown as Draft;
  remove(object, predecessorFields(before), kept, fresh);
  return object as unknown as KubeObject;
}

/** Removes from `parent` what `set` names and `kept` does not; true if nothing that anybody owns, or a default, is left of it. */
function remove(parent: unknown, set: FieldSet, kept: FieldSet | undefined, fresh: unknown): boolean {
  let whole = kept === undefined;
  for (const [key, value] of Object.entries(set)) {
    if (key === '.') continue;
    const child = childAt(parent, key);
    if (child === undefined) continue;
    const again = childAt(fresh, key);
    const isGone = remove(child.value, value as FieldSet, kept?.[key] as FieldSet | undefined, again?.value);
    if (!isGone || again !== undefined) whole = false;
    if (isGone && again === undefined) child.drop();
    else if (isGone) child.set(again?.value);
  }
  return whole;
}

interface Child {
  readonly value: unknown;
  set(value: unknown): void;
  drop(): void;
}

function childAt(parent: unknown, key: string): Child | undefined {
  const name = key.slice(2);
  if (key.startsWith('f:') && isDraft(parent) && name in parent) {
    return {
      value: parent[name],
      set(value) {
        parent[name] = value;
      },
      drop() {
        delete parent[name];
      },
    };
  }
  if (!Array.isArray(parent)) return undefined;
  const wanted: unknown = JSON.parse(name);
  const found = parent.find((element) => (key.startsWith('k:') ? hasKeys(element, wanted) : element === wanted));
  if (found === undefined) return undefined;
  return {
    value: found,
    set(value) {
      parent[parent.indexOf(found)] = value;
    },
    drop() {
      parent.splice(parent.indexOf(found), 1);
    },
  };
}

function hasKeys(element: unknown, keys: unknown): boolean {
  return isDraft(element) && isDraft(keys) && Object.entries(keys).every(([key, value]) => element[key] === value);
}
