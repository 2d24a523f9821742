/**
 * Flux v1's globs (facts/flux-v1.md §2.2; cases/glob.json): `*` stands for any text, also across `/`; nothing else is special. Linear in
 * the subject, whatever the pattern.
 */
export function matchesGlob(pattern: string, subject: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return subject === pattern;
  if (!subject.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = subject.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return subject.length - last.length >= at && subject.endsWith(last);
}

/** Which images are looked at at all: globs over canonical names. */
export interface ImageSelection {
  /** Wins over `include`. */
  readonly exclude: readonly string[];
  /** Empty: everything that is not excluded. */
  readonly include: readonly string[];
}

/** What Flux v1 does without flags (facts/flux-v1.md §1.1): images of Kubernetes itself are left alone. */
export const defaultSelection: ImageSelection = { exclude: ['k8s.gcr.io/*', 'registry.k8s.io/*'], include: [] };

/** Whether a canonical name (`quay.io/acme/shop`) is to be looked at. */
export function isSelected(name: string, { exclude, include }: ImageSelection): boolean {
  if (exclude.some((pattern) => matchesGlob(pattern, name))) return false;
  return include.length === 0 || include.some((pattern) => matchesGlob(pattern, name));
}
