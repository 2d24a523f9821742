import { createHash } from 'node:crypto';
import type { Commits, CommitTree } from './commits.ts';
import { isFolder, isLink, isSubmodule, isWithin, readsElsewhere, type Tree } from './tree.ts';

/** What of a commit a render of some paths may read: the paths alone, or everything, since they lead elsewhere in the repository. */
export type Scope = 'paths' | 'whole';

/** The scope as far as it can be told without the contents of files; undefined if these decide, and are not remembered. */
export function knownScope(
  tree: Tree,
  paths: readonly string[],
  submodules: boolean,
  commits: Commits,
): Scope | undefined {
  if (readsElsewhere(tree, paths)) return 'whole';
  if (paths.some((path) => !tree.has(path))) return 'whole';
  if (submodules && submodulesOf(tree).some((entry) => isWithin(entry.path, paths))) return 'whole';
  const names = commits.namesOthers(idOfPaths(tree, paths));
  return names === undefined ? undefined : names ? 'whole' : 'paths';
}

/** Changes exactly when what is in the scope changes. */
export function treeIdOf({ id, entries }: CommitTree, paths: readonly string[], scope: Scope): string {
  return scope === 'whole' ? id : idOfPaths(entries, paths);
}

/** Changes exactly when something at or below the paths changes. */
export function idOfPaths(tree: Tree, paths: readonly string[]): string {
  const lines = [...paths].sort().map((path) => `${path} ${tree.get(path)?.mode} ${tree.get(path)?.id}`);
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

export function submodulesOf(tree: Tree) {
  return [...tree.values()].filter(isSubmodule);
}

/** Whether nothing can be at the path: a link or, if they are checked out, a submodule on the way may still lead there. */
export function isMissing(tree: Tree, path: string, submodules: boolean): boolean {
  if (path === '' || tree.has(path)) return false;
  const parts = path.split('/');
  for (let count = 1; count <= parts.length; count++) {
    const entry = tree.get(parts.slice(0, count).join('/'));
    if (entry === undefined) return true;
    if (!isFolder(entry)) return !(isLink(entry) || (submodules && isSubmodule(entry)));
  }
  return true;
}
