import type { CommitRequest, FileChanges } from '../../app/release-ports.ts';
import { Failure } from '../../domain/failure.ts';
import { isFolder, isLink, isSubmodule, normalPath, type Tree } from './tree.ts';

/** The author's name and address, as git takes them. Throws a `user` Failure for what git would refuse, or would silently change. */
export function checkAuthor({ name, email }: CommitRequest['author']): void {
  for (const [field, text] of Object.entries({ name, email })) {
    const state = refuseIdentity(text);
    if (state !== undefined)
      throw new Failure('user', `Cannot commit with the author's ${field} ${JSON.stringify(text)}: ${state}`, {
        help: `Correct automation.author.${field}`,
      });
  }
}

function refuseIdentity(text: string): string | undefined {
  if (/\p{Cc}/u.test(text) || !text.isWellFormed()) return 'it holds control characters';
  if (/[<>]/.test(text)) return 'it holds < or >';
  // Of ident.c: these are taken off both ends.
  if (/^[\s.,:;"\\']*$/.test(text)) return 'it holds no letter or digit';
  return undefined;
}

/** The message as it is committed: with one line break at its end. Throws a `user` Failure for one that is empty or that git cannot hold. */
export function messageOf({ message }: FileChanges): string {
  const text = message.trimEnd();
  const state =
    text === '' ? 'it is empty' : text.includes('\0') || !text.isWellFormed() ? 'it is not UTF-8 text' : undefined;
  if (state === undefined) return `${text}\n`;
  throw new Failure('user', `Cannot commit with this message: ${state}`, { help: 'Correct automation.message' });
}

/** Throws a `user` Failure for a path that names no file of the repository: one that leads out of it, or through or onto a link or submodule. */
export function checkPath(path: string, tree: Tree): void {
  const state = refuseName(path) ?? refusePlace(path, tree);
  if (state !== undefined) throw new Failure('user', `Cannot commit "${path}": ${state}`, { code: 'NoFile' });
}

function refuseName(path: string): string | undefined {
  if (/\p{Cc}/u.test(path) || !path.isWellFormed()) return 'its name holds control characters';
  const parts = path.split('/');
  if (path !== normalPath(path) || path === '' || path.startsWith('/') || parts.includes('..'))
    return 'it is not a path inside the repository';
  if (parts.some((part) => /^\.git$/i.test(part))) return 'no file may have this name';
  return undefined;
}

function refusePlace(path: string, tree: Tree): string | undefined {
  const entry = tree.get(path);
  if (entry !== undefined) {
    if (isLink(entry)) return 'it is a symbolic link';
    if (isFolder(entry) || isSubmodule(entry)) return 'it is a folder';
  }
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    const above = path.slice(0, end);
    const folder = tree.get(above);
    if (folder !== undefined && !isFolder(folder))
      return `"${above}" is ${isLink(folder) ? 'a symbolic link' : 'no folder'}`;
  }
  return undefined;
}
