import { readFile, stat } from 'node:fs/promises';
import { Failure } from '../domain/failure.ts';

const maxBytes = 10 * 1024 * 1024;

/** The bytes of a file of the checkout; `name` is what messages call it. Throws a `user` Failure for more than 10 MiB, before it is read, and for a directory. */
export async function readBounded(path: string, name: string): Promise<Buffer> {
  const status = await stat(path);
  if (!status.isFile()) throw new Failure('user', `Cannot read "${name}": it is not a file`);
  if (status.size > maxBytes) {
    throw new Failure(
      'user',
      `Cannot read "${name}": ${mebibytes(status.size)}, more than the ${mebibytes(maxBytes)} that a file may have`,
    );
  }
  return readFile(path);
}

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
