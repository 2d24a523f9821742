import { createClient } from '../client.ts';
import { type Command, outputFlag, serverFlags } from '../command.ts';
import { exitCodeOf, followFlags, followRun, readTimeout } from '../follow-run.ts';

export const sync: Command = {
  summary: 'bring a target to the head of its branch now, and wait for it',
  usage: 'TARGET [flags]',
  description:
    'Asks the server for a sync and waits until its objects are applied and ready. Always compares with the cluster, so it also repairs what someone changed there.',
  flags: {
    ...followFlags,
    'take-over': { help: 'claim the target although another installation of Sluice synced it lately (admin)' },
    ...outputFlag,
    ...serverFlags,
  },
  arguments: { least: 1, most: 1 },
  examples: ['sluice sync shop-staging', 'sluice sync shop-staging --no-wait', 'sluice sync shop-staging --timeout 2m'],
  async run(call) {
    const [name = ''] = call.arguments;
    const timeout = readTimeout(call);
    const client = createClient(call);
    const { source } = await client.showTarget(name);
    const queued = await client.requestSync(name, call.has('take-over'));
    const intro = `Synchronizing with ${source?.url ?? name}`;
    return exitCodeOf(await followRun(call, client, queued, { timeout, intro }));
  },
};
