import { relative } from 'node:path';
import { asFailure } from '../../lib/domain/failure.ts';
import { buildLayers } from './build-layers.ts';
import { layersDirectory, listLayers } from './list-layers.ts';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `npm run layers` */
async function main(): Promise<void> {
  say('The git layer compiles ssh, which takes a minute; what is built already is left alone');
  const built = await buildLayers(layersDirectory);
  for (const { name, zip, sha256, unzippedBytes } of await listLayers()) {
    const state = built.some((layer) => layer.name === name && layer.isNew) ? 'built' : 'unchanged';
    say(`${relative('.', zip)} ${state}: ${(unzippedBytes / 1e6).toFixed(1)} MB unzipped, sha256 ${sha256}`);
  }
}

try {
  await main();
} catch (error) {
  const failure = asFailure(error);
  process.stderr.write(`${failure.message}\n${failure.help === undefined ? '' : `  ${failure.help}\n`}`);
  process.exitCode = failure.fault === 'server' ? 2 : 1;
}
