import { readFileSync, statSync } from 'node:fs';
import { Failure } from '../domain/failure.ts';

const maxBytes = 10 * 1024 * 1024;

/** The bytes of a file of the checkout; `name` is what messages call it. Throws a `user` Failure for more than 10 MiB, before it is read, and for a directory. */
export function readBounded(path: string, name: string): Buffer {
  const status = statSync(path);
  if (!status.isFile()) throw new Failure('user', `Cannot read "${name}": it is not a file`);
  if (status.size > maxBytes) {
    const bound = `the ${mebibytes(maxBytes)} that a file may have`;
    throw new Failure('user', `Cannot read "${name}": ${mebibytes(status.size)}, more than ${bound}`);
  }
  return readFileSync(path);
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
