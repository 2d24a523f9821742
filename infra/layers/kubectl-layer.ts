import { readFile } from 'node:fs/promises';
import { layerArchive } from '../../lib/adapters/tools.ts';
import { sha256Hex } from '../../lib/domain/digest.ts';
import type { Ingredients } from './ingredients.ts';

/** kubectl and helm: the layer that the npm package is, as it is. */
export async function kubectlLayer(): Promise<Ingredients> {
  const zip = await readFile(layerArchive());
  return { facts: sha256Hex(zip), build: async () => zip };
}
