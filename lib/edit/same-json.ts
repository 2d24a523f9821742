import type { Json } from '../domain/objects/kube-object.ts';

/** Whether two values are equal; the order of keys does not count. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index]));
  }
  const [ours, theirs] = [Object.entries(a), b as Readonly<Record<string, Json>>];
  return (
    ours.length === Object.keys(theirs).length &&
    ours.every(([key, value]) => Object.hasOwn(theirs, key) && sameJson(value, theirs[key]))
  );
}

/** A copy with another value at a path that is there. */
export function withValue(value: Json, path: readonly (string | number)[], replacement: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? withValue(item, rest, replacement) : item));
  const map = value as { readonly [key: string]: Json };
  return { ...map, [key]: withValue(map[key] ?? null, rest, replacement) };
}
