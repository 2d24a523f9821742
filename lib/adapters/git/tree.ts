import { posix } from 'node:path';

/** A file, folder, link or submodule of a commit. */
export interface TreeEntry {
  /** `040000` folder, `100644` and `100755` file, `120000` symbolic link, `160000` submodule. */
  readonly mode: string;
  readonly id: string;
  /** Relative to the root of the repository. */
  readonly path: string;
}

/** The entries of a whole commit by path. */
export type Tree = ReadonlyMap<string, TreeEntry>;

export function isFolder(entry: TreeEntry): boolean {
  return entry.mode === '040000';
}

export function isLink(entry: TreeEntry): boolean {
  return entry.mode === '120000';
}

export function isSubmodule(entry: TreeEntry): boolean {
  return entry.mode === '160000';
}

/** `./a//b/` → `a/b`; the root is ''. */
export function normalPath(path: string): string {
  const normal = posix.normalize(path).replace(/\/$/, '');
  return normal === '.' ? '' : normal;
}

/** Whether `path` is one of `folders` or below one. */
export function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => folder === '' || path === folder || path.startsWith(`${folder}/`));
}

/** Files and links at or below the paths. */
export function filesWithin(tree: Tree, paths: readonly string[]): TreeEntry[] {
  return [...tree.values()].filter((entry) => !isFolder(entry) && !isSubmodule(entry) && isWithin(entry.path, paths));
}

/**
 * Whether a render of the paths may read elsewhere in the repository: a `.flux.yaml` in or above one (its commands run anywhere),
 * or a link in one. Files that name another folder are found by `namesFolderAbove`.
 */
export function readsElsewhere(tree: Tree, paths: readonly string[]): boolean {
  return (
    paths.some((path) => path === '' || path.endsWith('.flux.yaml') || hasFluxYaml(tree, path)) ||
    filesWithin(tree, paths).some(isLink)
  );
}

function hasFluxYaml(tree: Tree, path: string): boolean {
  for (let folder = path; ; folder = normalPath(posix.dirname(folder))) {
    if (tree.has(posix.join(folder, '.flux.yaml'))) return true;
    if (folder === '') return false;
  }
}

/** Files in which a renderer finds the paths of others: kustomizations and charts. */
export function maySendElsewhere(entry: TreeEntry): boolean {
  return /(^|\/)(kustomization\.ya?ml|Kustomization|Chart\.yaml)$/.test(entry.path);
}
