import type { Json } from '../domain/objects/kube-object.ts';
import type { MergeRule, MergeRules } from './merge-keys.ts';
import { setKey } from './yaml-node.ts';

export type JsonMap = { readonly [key: string]: Json | undefined };
type List = readonly Json[];

/** RFC 7386. */
export function jsonMergePatch(original: JsonMap, patch: JsonMap): JsonMap {
  const result: Record<string, Json> = { ...(original as Record<string, Json>) };
  for (const [field, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete result[field];
    else if (isMap(value)) setKey(result, field, jsonMergePatch(asMap(result[field]), value));
    else setKey(result, field, value);
  }
  return result;
}

const directive = /^\$(?:(patch|retainKeys)|(setElementOrder|deleteFromPrimitiveList)\/(.+))$/;

/**
 * The strategic merge patch of Kubernetes (k8s.io/apimachinery/pkg/util/strategicpatch) with its directives `$patch`, `$retainKeys`,
 * `$setElementOrder/…` and `$deleteFromPrimitiveList/…`. Throws a RangeError where Kubernetes refuses a patch.
 */
export function strategicMergePatch(original: JsonMap, patch: JsonMap, rules: MergeRules): JsonMap {
  if (patch.$patch === 'delete') return {};
  const result: Record<string, Json> = patch.$patch === 'replace' ? {} : { ...(original as Record<string, Json>) };
  const { $retainKeys: retained } = patch;
  if (Array.isArray(retained)) {
    for (const field of Object.keys(result)) if (!retained.includes(field)) delete result[field];
  }
  const fields = new Set(
    Object.keys(patch).map((key) => (directive.test(key) ? (directive.exec(key)?.[3] ?? '') : key)),
  );
  fields.delete('');
  for (const field of fields) {
    const value = mergedValue(result[field], patch, field, rules[field] ?? {});
    if (value === undefined) delete result[field];
    else setKey(result, field, value);
  }
  return result;
}

/** What the patch makes of a field; undefined if the field goes. */
function mergedValue(original: Json | undefined, patch: JsonMap, field: string, rule: MergeRule): Json | undefined {
  const value = field in patch ? patch[field] : Array.isArray(original) ? [] : original;
  if (value === null || value === undefined) return undefined;
  if (isMap(value)) return strategicMergePatch(asMap(original), value, rule.rules ?? {});
  if (!Array.isArray(value) || rule.key === undefined) return value;
  const removed = patch[`$deleteFromPrimitiveList/${field}`];
  const kept = asList(original).filter((item) => !asList(removed).includes(item));
  const order = patch[`$setElementOrder/${field}`];
  return mergeList(kept, value, Array.isArray(order) ? order : undefined, { ...rule, key: rule.key }, field);
}

function mergeList(
  original: List,
  patch: List,
  order: List | undefined,
  rule: MergeRule & { readonly key: string },
  field: string,
): Json {
  const others = patch.filter((item) => !isMap(item) || item.$patch !== 'replace');
  if (others.length < patch.length) return others;
  const identify = (item: Json): Json => identityOf(item, rule.key, field);
  const merged = new Map(original.map((item) => [identify(item), item]));
  for (const item of patch) {
    const identity = identify(item);
    if (!isMap(item)) merged.set(identity, item);
    else if (item.$patch === 'delete') merged.delete(identity);
    else merged.set(identity, strategicMergePatch(asMap(merged.get(identity)), item, rule.rules ?? {}) as Json);
  }
  const wanted = (order ?? patch).map(identify).filter((identity) => merged.has(identity));
  const missing = patch.map(identify).find((identity) => merged.has(identity) && !wanted.includes(identity));
  if (missing !== undefined) throw new RangeError(`"${missing}" is not in $setElementOrder/${field}`);
  return inOrder(wanted, original.map(identify)).flatMap((identity) => merged.get(identity) ?? []);
}

/** Items of the patch in its order; the others before the first that followed them in the original (`mergeSortedSlice`). */
function inOrder(wanted: List, original: List): List {
  const others = original.filter((identity) => !wanted.includes(identity));
  const result: Json[] = [];
  for (const identity of wanted) {
    const place = original.indexOf(identity);
    while (place >= 0 && others[0] !== undefined && original.indexOf(others[0]) < place) {
      result.push(...others.splice(0, 1));
    }
    result.push(identity);
  }
  return [...result, ...others];
}

function identityOf(item: Json, key: string, field: string): Json {
  if (key === '') return item;
  const identity = isMap(item) ? item[key] : undefined;
  if (identity === undefined) throw new RangeError(`an item of ${field} has no ${key}`);
  return identity;
}

function isMap(value: Json | undefined): value is JsonMap {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function asMap(value: Json | undefined): JsonMap {
  return isMap(value) ? value : {};
}

function asList(value: Json | undefined): List {
  return Array.isArray(value) ? value : [];
}
