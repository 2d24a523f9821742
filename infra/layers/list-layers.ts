import { join } from 'node:path';
import { Failure } from '../../lib/domain/failure.ts';
import { isWhole, type LayerName, readRecords, zipOf } from './layer-records.ts';

/** A layer that is built and can be published. */
export interface Layer {
  readonly name: LayerName;
  /** Absolute path of the zip, which is unpacked into `/opt`. */
  readonly zip: string;
  /** Of the zip, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly unzippedBytes: number;
}

/** Where `npm run layers` puts them: `.layers` of the checkout. */
export const layersDirectory = join(import.meta.dirname, '../../.layers');

/** The layers as they were built. Throws a `missing` Failure if one was not, or its zip is another by now. */
export async function listLayers(directory = layersDirectory): Promise<readonly Layer[]> {
  const records = await readRecords(directory);
  const layers: Layer[] = [];
  for (const name of ['kubectl', 'git'] as const) {
    const record = records.find((built) => built.name === name);
    const zip = zipOf(directory, name);
    if (record === undefined || !(await isWhole(directory, record))) {
      const state = record === undefined ? 'it has not been built' : `${zip} is not what was built`;
      throw new Failure('missing', `Cannot use the layer "${name}": ${state}`, { help: 'Run: npm run layers' });
    }
    const { sha256, unzippedBytes } = record;
    layers.push({ name, zip, sha256, unzippedBytes });
  }
  return layers;
}
