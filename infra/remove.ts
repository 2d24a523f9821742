import { join } from 'node:path';
import { createAwsClient } from '../lib/adapters/aws/aws-request.ts';
import { createConnections } from '../lib/adapters/aws/connections.ts';
import { readAwsEnvironment } from '../lib/config.ts';
import { checkCredentials } from './check-account.ts';
import { layerStackOf } from './publish-layers.ts';
import { runMain } from './run-main.ts';
import { runOsls } from './run-osls.ts';
import { makeServiceFolder } from './service-folder.ts';
import { stackFailure } from './stack-failure.ts';
import { openStacks } from './stacks.ts';
import { readStageOptions } from './stage-options.ts';

const folder = join(import.meta.dirname, '../.serverless.deploy');

/** `npm run remove -- --stage NAME`: both stacks of a stage. Its secrets stay, and what it has applied to clusters. */
await runMain(async (say) => {
  const { region: home, endpoint } = readAwsEnvironment();
  const options = readStageOptions(process.argv.slice(2), home);
  const { stage, region } = options;
  const connections = createConnections();
  const account = await checkCredentials(createAwsClient({ region, connections, endpoint }));
  connections.close();
  const stacks = openStacks(region);
  await makeServiceFolder(folder);
  for (const [stack, file] of [
    [`sluice-${stage}`, 'serverless.yml'],
    [layerStackOf(stage), 'serverless.layers.yml'],
  ] as const) {
    if ((await stacks.outputs(stack)) === undefined) {
      say(`There is no stack ${stack} in account ${account}, ${region}`);
      continue;
    }
    say(`Removing ${stack} from account ${account}, ${region}`);
    const since = new Date();
    const { isDone, output } = await runOsls(folder, 'remove', file, options);
    if (!isDone) throw await stackFailure('remove', stack, { since, output, stacks });
  }
  say(`Removed. The secrets below sluice/${stage}/ stay, and so does what was applied to the clusters`);
});
