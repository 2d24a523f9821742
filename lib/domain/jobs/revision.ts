/** `main@sha1:<40 hex>`: a branch and the commit that it was at. */
export type Revision = `${string}@sha1:${string}`;

export function formatRevision(branch: string, commit: string): Revision {
  return `${branch}@sha1:${commit}`;
}

/** The commit of a revision: 40 hexadecimal digits. */
export function commitOf(revision: Revision): string {
  return revision.slice(revision.lastIndexOf(':') + 1);
}
