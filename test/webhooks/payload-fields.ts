/** `a`, `a.b`, `a.0.b`: every field, objects and lists included; not the entries of a list by themselves. */
export function paths(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, field]) => [
    ...(Array.isArray(value) ? [] : [`${prefix}${key}`]),
    ...(typeof field === 'object' && field !== null ? paths(field, `${prefix}${key}.`) : []),
  ]);
}

/** A copy of `value` with another field at `path`; with `undefined`, JSON has no such field. */
export function replaced(value: object, path: string, field: unknown): object {
  const [key = '', ...rest] = path.split('.');
  const inner = (value as Readonly<Record<string, object>>)[key] ?? {};
  const replacement = rest.length === 0 ? field : replaced(inner, rest.join('.'), field);
  if (Array.isArray(value)) return value.map((entry, index) => (index === Number(key) ? replacement : entry));
  return { ...value, [key]: replacement };
}

/** The field at `path`. */
export function fieldAt(value: object, path: string): unknown {
  let found: unknown = value;
  for (const key of path.split('.')) found = (found as Readonly<Record<string, unknown>>)[key];
  return found;
}
