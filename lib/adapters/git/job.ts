import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, ownProcess } from './owner.ts';

/** A 0700 directory for what one job writes, removed on dispose. */
export interface Job extends AsyncDisposable {
  readonly directory: string;
}

/** Opens a job below `folder`, after removing what processes that have died left there (DESIGN §8). */
export async function openJob(folder: string): Promise<Job> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (!isAlive(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
  const directory = join(folder, `${ownProcess}-${randomUUID()}`);
  await mkdir(directory, { mode: 0o700 });
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}
