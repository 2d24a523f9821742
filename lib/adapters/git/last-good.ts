/** A commit and what its signature is worth. */
export interface JudgedCommit {
  readonly id: string;
  readonly parents: readonly string[];
  /** Why it does not count as signed; undefined if its signature is good. */
  readonly fault: string | undefined;
}

/** How far a history may be trusted. */
export interface Trusted {
  /** The newest commit of the branch's own line that is good, with everything it adds to what was trusted before. */
  readonly commit: string | undefined;
  /** The first commit that is not. */
  readonly refused: { readonly commit: string; readonly reason: string } | undefined;
}

/**
 * Flux v1's rule (facts/flux-v1.md §1.3): up to the last good commit before the first bad one. Where branches were merged, "before" is
 * taken of the branch's own line of first parents: a commit of a side branch is never what is synced.
 *
 * `history` is everything that `head` has and `from` has not, parents before children; with `firstParent` only the line of first
 * parents. `from` was trusted before; undefined at the first time, when all history is judged.
 */
export function lastGood(
  head: string,
  from: string | undefined,
  history: readonly JudgedCommit[],
  firstParent: boolean,
): Trusted {
  const good = new Set<string>();
  const descends = new Set<string>(from === undefined ? [] : [from]);
  const known = new Map(history.map((commit) => [commit.id, commit]));
  let refused: Trusted['refused'];
  for (const commit of history) {
    const parents = firstParent ? commit.parents.slice(0, 1) : commit.parents;
    if (parents.some((parent) => descends.has(parent))) descends.add(commit.id);
    if (commit.fault !== undefined) refused ??= { commit: commit.id, reason: commit.fault };
    else if (parents.every((parent) => !known.has(parent) || good.has(parent))) good.add(commit.id);
  }
  if (refused === undefined) return { commit: head, refused };
  for (let at = known.get(head); at !== undefined; at = known.get(at.parents[0] ?? '')) {
    // Never back behind what was trusted before: the old line may have come in as a second parent.
    if (good.has(at.id) && (from === undefined || descends.has(at.id))) return { commit: at.id, refused };
  }
  return { commit: from, refused };
}
