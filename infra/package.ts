import { join, relative } from 'node:path';
import { readAwsEnvironment } from '../lib/config.ts';
import { functionNames } from './bundle-function.ts';
import { packageStage } from './package-stage.ts';
import { runMain } from './run-main.ts';
import { readStageOptions } from './stage-options.ts';
import { readPackagedSettings, remoteParams } from './stage-settings.ts';

const output = join(import.meta.dirname, '../.serverless');

/** `npm run package`: the zips and the template of a stage, without network, credentials or layers. */
await runMain(async (say) => {
  const options = readStageOptions(process.argv.slice(2), readAwsEnvironment().region);
  const isRemote = options.config.startsWith('s3://');
  const packaged = isRemote ? undefined : readPackagedSettings(options);
  const params = [...options.params, ...(isRemote ? remoteParams(options.config) : [])];
  await packageStage({ ...options, params, document: packaged?.document, output });
  if (packaged === undefined && !isRemote) say(`There is no ${options.config}: the functions have no settings`);
  say(`Packaged ${functionNames.length} functions into ${relative('.', output)}`);
});
