import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../lib/domain/failure.ts';
import { buildFunctions } from './build-functions.ts';
import { functionNames } from './bundle-function.ts';
import { runOsls } from './run-osls.ts';
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
  const build = `${output}.build`;
  await buildFunctions(build, document);
  const params = [...options.params, `build=${build}`];
  const { isDone, output: printed } = await runOsls('package', 'serverless.yml', { ...options, params }, [
    '--package',
    output,
  ]);
  if (!isDone) {
    const lines = printed.split('\n').filter((line) => line.trim() !== '');
    throw new Failure('server', `Cannot package the stage "${options.stage}": ${lines.slice(-5).join(' ')}`);
  }
  for (const name of functionNames) await copyFile(join(build, `${name}.zip`), join(output, `${name}.zip`));
}
