import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../lib/domain/failure.ts';

export interface LayerZips {
  readonly directory: string;
  /** Of the zips, 64 hexadecimal digits. */
  readonly digests: { readonly kubectl: string; readonly git: string };
}

/** The layers as they were built. Throws a `missing` Failure if one was not. */
export async function readLayerZips(directory: string): Promise<LayerZips> {
  return { directory, digests: { kubectl: await digest(directory, 'kubectl'), git: await digest(directory, 'git') } };
}

async function digest(directory: string, name: string): Promise<string> {
  const path = join(directory, `${name}.zip`);
  const zip = await readFile(path).catch(() => undefined);
  if (zip !== undefined) return createHash('sha256').update(zip).digest('hex');
  throw new Failure('missing', `Cannot publish the layer "${name}": ${path} is not there`, {
    help: 'Build the layers once: npm run layers',
  });
}
