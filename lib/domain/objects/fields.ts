import type { JsonObject } from './kube-object.ts';

/**
 * Sets of fields as `managedFields[].fieldsV1` writes them: keys are `f:<field>`, `k:{<list key>}`, `v:<set value>`, `i:<index>`,
 * and `.` for the element itself (Kubernetes API reference, FieldsV1).
 */
export type FieldSet = JsonObject;

function children(set: FieldSet): readonly (readonly [string, FieldSet])[] {
  return Object.entries(set).flatMap(([key, value]) =>
    key !== '.' && typeof value === 'object' && value !== null ? [[key, value as FieldSet] as const] : [],
  );
}

/** Whether the set holds the field at `path` (its steps, without `f:`) or anything below it. */
export function holds(set: FieldSet | undefined, path: readonly string[]): boolean {
  let here: FieldSet | undefined = set;
  for (const step of path) here = here?.[`f:${step}`] as FieldSet | undefined;
  return here !== undefined;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const merged: Record<string, FieldSet> = { ...(a as Record<string, FieldSet>) };
  for (const [key, value] of Object.entries(b)) {
    const mine = merged[key];
    merged[key] = mine === undefined ? (value as FieldSet) : union(mine, value as FieldSet);
  }
  return merged;
}

/** The set without the fields at `path` and below. */
export function without(set: FieldSet, path: readonly string[]): FieldSet {
  const [step, ...rest] = path;
  const key = `f:${step}`;
  const child = set[key] as FieldSet | undefined;
  if (child === undefined) return set;
  const { [key]: _, ...others } = set;
  if (rest.length === 0) return others;
  const smaller = without(child, rest);
  return Object.keys(smaller).length === 0 ? others : { ...others, [key]: smaller };
}

/** Leaf fields of `a` that `b` lacks, as people write them: `spec.template.spec.containers[app].image`. */
export function missingFrom(a: FieldSet, b: FieldSet | undefined, prefix = ''): readonly string[] {
  const below = children(a);
  if (below.length === 0) return b === undefined && prefix !== '' ? [prefix] : [];
  return below.flatMap(([key, value]) =>
    missingFrom(value, b?.[key] as FieldSet | undefined, prefix + readable(key, prefix)),
  );
}

function readable(key: string, prefix: string): string {
  const name = key.slice(2);
  if (key.startsWith('f:')) return prefix === '' ? name : /[./]/.test(name) ? `[${name}]` : `.${name}`;
  if (!key.startsWith('k:')) return `[${name}]`;
  return `[${[...name.matchAll(/:("(?:[^"\\]|\\.)*"|[^,}]+)/g)].map(([, value]) => value?.replaceAll('"', '')).join(',')}]`;
}
