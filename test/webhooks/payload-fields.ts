/** `a`, `a.b`: every field, objects included. */
export function paths(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, field]) => [
    `${prefix}${key}`,
    ...(typeof field === 'object' && field !== null ? paths(field, `${prefix}${key}.`) : []),
  ]);
}

/** A copy of `value` with another field at `path`; with `undefined`, JSON has no such field. */
export function replaced(value: object, path: string, field: unknown): object {
  const [key = '', ...rest] = path.split('.');
  const inner = (value as Readonly<Record<string, object>>)[key] ?? {};
  return { ...value, [key]: rest.length === 0 ? field : replaced(inner, rest.join('.'), field) };
}
