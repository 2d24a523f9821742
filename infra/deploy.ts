import { join } from 'node:path';
import { createAwsClient } from '../lib/adapters/aws/aws-request.ts';
import { createConnections } from '../lib/adapters/aws/connections.ts';
import { readAwsEnvironment } from '../lib/config.ts';
import { Failure } from '../lib/domain/failure.ts';
import { buildFunctions } from './build-functions.ts';
import { checkCredentials, checkSecrets } from './check-account.ts';
import { listLayers } from './layers/list-layers.ts';
import { nextSteps } from './next-steps.ts';
import { publishLayers } from './publish-layers.ts';
import { runMain } from './run-main.ts';
import { runOsls } from './run-osls.ts';
import { makeServiceFolder } from './service-folder.ts';
import { stackFailure } from './stack-failure.ts';
import { openStacks } from './stacks.ts';
import { readStageOptions } from './stage-options.ts';
import { readPackagedSettings, readRemoteSettings } from './stage-settings.ts';

const folder = join(import.meta.dirname, '../.serverless.deploy');

/** `npm run deploy -- --stage NAME`: refuses before it creates anything, then publishes what is new and says where to go on. */
await runMain(async (say) => {
  const { region: home, endpoint } = readAwsEnvironment();
  const options = readStageOptions(process.argv.slice(2), home);
  const { stage, region, config } = options;
  const packaged = config.startsWith('s3://') ? undefined : readPackagedSettings(options);
  if (packaged === undefined && !config.startsWith('s3://')) {
    throw new Failure('missing', `Cannot deploy without settings: there is no ${config}`, {
      help: 'Write it, or name another with --config FILE or --config s3://bucket/key',
    });
  }
  const connections = createConnections();
  const client = createAwsClient({ region, connections, endpoint });
  const account = await checkCredentials(client);
  const { settings, document, params } = packaged ?? (await readRemoteSettings(options, client));
  await checkSecrets(settings, client);
  const built = await listLayers(options.layers);
  connections.close();

  say(`Deploying the stage "${stage}" to account ${account}, ${region}`);
  const stacks = openStacks(region);
  await makeServiceFolder(folder);
  const layers = await publishLayers(folder, options, built, stacks, say);
  await buildFunctions(folder, document);
  say('Updating the stack, which takes a minute or two');
  const since = new Date();
  const stack = `sluice-${stage}`;
  const all = [...options.params, ...params, ...layers];
  const { isDone, output } = await runOsls(folder, 'deploy', 'serverless.yml', {
    ...options,
    params: [...all, 'build=.'],
  });
  if (!isDone) throw await stackFailure('deploy', stack, { since, output, stacks });
  const outputs = await stacks.outputs(stack);
  for (const line of ['Deployed', ...nextSteps(outputs?.HttpApiUrl ?? '', settings)]) say(line);
});
