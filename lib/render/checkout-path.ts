import { lstatSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { Failure } from '../domain/failure.ts';

/*
 * Small files are read synchronously in lib/render: 1,000 of them take 10 ms so, and 110 ms through the thread pool.
 */

/**
 * The absolute path, without symbolic links, of `path` in the checkout at `root` (itself without symbolic links).
 * Throws a `user` Failure if it leaves the checkout, by itself or by a link, or is not there.
 */
export function resolveInside(root: string, path: string): string {
  if (isAbsolute(path) || !isInside(root, join(root, path))) throw leaves(path, 'the path leaves the checkout');
  const real = realPath(root, path);
  if (!isInside(root, real)) throw leaves(path, 'a symbolic link leads out of the checkout');
  return real;
}

function realPath(root: string, path: string): string {
  try {
    return realpathSync.native(join(root, path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP') throw new Failure('user', `Cannot read "${path}": its symbolic links go in a circle`);
    if (code === 'ENAMETOOLONG' || code === 'ERR_INVALID_ARG_VALUE') {
      throw new Failure('user', `Cannot read "${shorten(path)}": no file can have this name`, { code: 'NotFound' });
    }
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    const isLink = lstatSync(join(root, path), { throwIfNoEntry: false })?.isSymbolicLink() === true;
    const state = isLink ? 'its symbolic link leads to nothing that is there' : 'it is not in the checkout';
    throw new Failure('user', `Cannot read "${path}": ${state}`, { code: 'NotFound' });
  }
}

/** Paths come from git: of one that is too long its beginning is enough to find it. */
function shorten(path: string): string {
  return path.length > 100 ? `${path.slice(0, 100)}…` : path;
}

export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** How messages name a path: relative to the checkout, `.` for the whole of it. */
export function nameIn(root: string, path: string): string {
  return relative(root, path) || '.';
}

function leaves(path: string, state: string): Failure {
  return new Failure('user', `Cannot read "${path}": ${state}`, {
    help: 'What a target renders has to lie in its repository',
    code: 'Outside',
  });
}
