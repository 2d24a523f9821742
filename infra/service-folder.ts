import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * Makes `directory` a folder of its own for osls: its service files, and what they include. osls keeps and removes files beside them, so that two runs in one
 * folder would take them from each other.
 */
export async function makeServiceFolder(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(join(directory, 'infra'), { recursive: true });
  for (const file of ['serverless.yml', 'serverless.layers.yml'])
    await copyFile(join(root, file), join(directory, file));
  for (const file of await readdir(join(root, 'infra'))) {
    if (file.endsWith('.yml')) await copyFile(join(root, 'infra', file), join(directory, 'infra', file));
  }
}
