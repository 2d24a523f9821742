import { createClient } from '../client.ts';
import { type Command, outputFlag, serverFlags } from '../command.ts';
import { formatTable, printJson } from '../print.ts';

export const targets: Command = {
  summary: 'list the targets: what is synced from where',
  usage: '[flags]',
  description: 'Lists the targets of the server with their source. How they stand is told by "sluice status".',
  flags: { ...outputFlag, ...serverFlags },
  arguments: { least: 0, most: 0 },
  examples: ['sluice targets', `sluice targets -o json | jq -r '.targets[].name'`],
  async run(call) {
    const list = await createClient(call).listTargets();
    const { terminal } = call;
    if (call.json) printJson(terminal, list);
    else if (list.targets.length === 0) terminal.out('The server has no targets: add one to its sluice.yaml');
    else {
      const rows = list.targets.map(({ name, source, suspended }) => {
        if (source === undefined) return [name, 'orphaned: no longer in sluice.yaml', '-', '-', '-'];
        return [name, source.url, source.branch, source.paths.join(','), suspended ? 'yes' : 'no'];
      });
      const lines = formatTable(['TARGET', 'SOURCE', 'BRANCH', 'PATHS', 'SUSPENDED'], rows, terminal.width);
      for (const [index, line] of lines.entries()) terminal.out(index === 0 ? terminal.paint('bold', line) : line);
    }
    return 0;
  },
};
