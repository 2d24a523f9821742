import { copyFile, cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../lib/domain/failure.ts';
import { buildFunctions } from './build-functions.ts';
import { functionNames } from './bundle-function.ts';
import { runOsls } from './run-osls.ts';
import { makeServiceFolder } from './service-folder.ts';
import type { StageOptions } from './stage-options.ts';

/** What is packaged beside the functions themselves. */
export interface Packaging extends StageOptions {
  /** The parsed sluice.yaml that travels with the functions, if one does. */
  readonly document?: unknown;
  /** Where the zips and osls's files are put. */
  readonly output: string;
}

/** Packages a stage without network, credentials or layers. Throws a `server` Failure with the last thing that osls said. */
export async function packageStage({ document, output, ...options }: Packaging): Promise<void> {
  const folder = `${output}.build`;
  await makeServiceFolder(folder);
  await buildFunctions(folder, document);
  const params = [...options.params, 'build=.'];
  const { isDone, output: printed } = await runOsls(folder, 'package', 'serverless.yml', { ...options, params });
  if (!isDone) {
    const lines = printed.split('\n').filter((line) => line.trim() !== '');
    throw new Failure('server', `Cannot package the stage "${options.stage}": ${lines.slice(-5).join(' ')}`);
  }
  await rm(output, { recursive: true, force: true });
  await cp(join(folder, '.serverless'), output, { recursive: true });
  for (const name of functionNames) await copyFile(join(folder, `${name}.zip`), join(output, `${name}.zip`));
}
