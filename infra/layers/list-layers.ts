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
  /** For LicenseInfo of Lambda's PublishLayerVersion, which takes 512 characters. */
  readonly licence: string;
}

const licences: Readonly<Record<LayerName, string>> = {
  kubectl: 'Apache-2.0',
  git:
    'Packages of Debian 12. git: GPL-2.0-only; gpg, libreadline: GPL-3.0-or-later; ssh, ssh-keygen: BSD and the like; CA certificates: MPL-2.0; ' +
    'other libraries: LGPL-2.1-or-later, LGPL-3.0-or-later, Apache-2.0, MIT, BSD, Zlib, OLDAP-2.8 and the like. The copyright file of each is in ' +
    '/opt/git/licenses; Debian has the sources of the versions in /opt/git/packages.json',
};

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
    layers.push({ name, zip, sha256, unzippedBytes, licence: licences[name] });
  }
  return layers;
}
