/** A plain copy of an object that may be edited. */
export type Draft = { [key: string]: unknown };

export function isDraft(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects found at `path`; a `*` step goes into each element of a list or each value of a map. Nothing where the path leads nowhere. */
export function at(value: unknown, path: readonly string[]): readonly Draft[] {
  let found: unknown[] = [value];
  for (const step of path) {
    found = found.flatMap((parent) => {
      if (step === '*') return Array.isArray(parent) ? parent : isDraft(parent) ? Object.values(parent) : [];
      return isDraft(parent) && parent[step] !== undefined ? [parent[step]] : [];
    });
  }
  return found.filter(isDraft);
}
