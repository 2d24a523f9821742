import type { Run } from '../../api.ts';
import { Failure } from '../../domain/failure.ts';
import { type Client, createClient } from '../client.ts';
import { type Call, type Command, outputFlag, serverFlags } from '../command.ts';
import { formatTable, printJson } from '../print.ts';
import { printRun, runRow } from '../print-run.ts';

const head = ['RUN', 'TARGET', 'STATUS', 'REVISION', 'CHANGES', 'CAUSE', 'QUEUED', 'TOOK'];

export const runs: Command = {
  summary: 'list what was synced, or show one run with its objects',
  usage: '[RUN_ID] [flags]',
  description:
    'Without an argument lists the newest runs. With the id of a run shows it, each object that it touched, and what went wrong.',
  flags: {
    target: { value: 'TARGET', short: 't', help: 'only runs of this target' },
    limit: { value: 'N', short: 'l', help: 'as many runs at most; default 20' },
    ...outputFlag,
    ...serverFlags,
  },
  arguments: { least: 0, most: 1 },
  examples: ['sluice runs', 'sluice runs --target shop-staging', 'sluice runs 0mk1zq8yd5c0ffee00c0ffee0'],
  async run(call) {
    const client = createClient(call);
    const [id] = call.arguments;
    if (id === undefined) await showList(call, client);
    else {
      const run = await client.showRun(id);
      if (call.json) printJson(call.terminal, run);
      else printRun(call.terminal, run, call.now());
    }
    return 0;
  },
};

async function showList(call: Call, client: Client): Promise<void> {
  const target = call.flag('target');
  const found = await list(call, client);
  // A target that there is not has no runs either: it is told apart, unless it has left some.
  if (found.length === 0 && target !== undefined) await client.showTarget(target);
  printRuns(call, found);
}

async function list(call: Call, client: Client): Promise<Run[]> {
  const limit = Number(call.flag('limit') ?? 20);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new Failure('user', 'Cannot list the runs: --limit is no whole number above 0');
  }
  const found: Run[] = [];
  let after: string | undefined;
  do {
    const page = await client.listRuns({ target: call.flag('target'), after });
    found.push(...page.runs);
    after = page.next;
  } while (found.length < limit && after !== undefined);
  return found.slice(0, limit);
}

function printRuns({ json, terminal, now }: Call, found: readonly Run[]): void {
  if (json || found.length === 0) {
    if (json) printJson(terminal, { runs: found });
    else terminal.out('There are no runs yet: push to a target, or run "sluice sync TARGET"');
    return;
  }
  const rows = found.map((run) => runRow(run, now()));
  const [first = '', ...lines] = formatTable(head, rows, terminal.width);
  terminal.out(terminal.paint('bold', first));
  for (const [index, line] of lines.entries()) {
    terminal.out(found[index]?.status === 'failed' ? terminal.paint('red', line) : line);
  }
}
