import type { TargetStatus } from '../../api.ts';
import { createClient } from '../client.ts';
import { type Call, type Command, outputFlag, serverFlags } from '../command.ts';
import { clean, formatDetails, formatRevision, formatTable, formatTime, printJson } from '../print.ts';
import { printError, printObjects } from '../print-run.ts';
import type { Style } from '../terminal.ts';

export const status: Command = {
  summary: 'show how the targets stand, failures first',
  usage: '[TARGET] [flags]',
  description:
    'Shows for each target the revision that its cluster holds and the one that was tried last, and why a sync failed and what to do. With a target, also the objects of its last run.',
  flags: { ...outputFlag, ...serverFlags },
  arguments: { least: 0, most: 1 },
  examples: ['sluice status', 'sluice status shop-staging'],
  async run(call) {
    const client = createClient(call);
    const [name] = call.arguments;
    if (name === undefined) {
      const { targets } = await client.listTargets();
      const sorted = targets.toSorted((one, other) => urgency(one) - urgency(other));
      if (call.json) printJson(call.terminal, { targets: sorted });
      else printAll(call, sorted);
      return 0;
    }
    const target = await client.showTarget(name);
    if (call.json) printJson(call.terminal, target);
    else {
      printOne(call, target);
      if (target.lastRun !== undefined) printObjects(call.terminal, await client.showRun(target.lastRun.id));
    }
    return 0;
  },
};

/** Of the standings that have an error. */
const lineStyles: Readonly<Record<string, Style>> = { failed: 'red', retrying: 'yellow' };
const settled: ReadonlySet<string> = new Set(['ready', 'suspended', 'deleted']);

/** Failures first, then what is on its way, then the rest in the order of the settings. */
function urgency(target: TargetStatus): number {
  const word = formatStanding(target);
  return word === 'failed' ? 0 : settled.has(word) ? 2 : 1;
}

function formatStanding({ orphaned, suspended, lastRun, health, applied }: TargetStatus): string {
  if (orphaned) return 'orphaned';
  if (lastRun?.status === 'failed') return 'failed';
  if (lastRun?.status === 'succeeded' && applied === undefined) return 'deleted';
  if (suspended) return 'suspended';
  if (lastRun === undefined) return 'never synced';
  if (lastRun.status === 'succeeded') return 'ready';
  if (lastRun.status === 'queued' && lastRun.error !== undefined) return 'retrying';
  return health === 'InProgress' ? 'waiting' : lastRun.status;
}

function formatSweep({ nextSweepAt }: TargetStatus, now: number): string {
  return nextSweepAt !== undefined && Date.parse(nextSweepAt) <= now ? 'due' : formatTime(nextSweepAt, now);
}

function printAll({ terminal, now }: Call, targets: readonly TargetStatus[]): void {
  if (targets.length === 0) {
    terminal.out('The server has no targets: add one to its sluice.yaml');
    return;
  }
  const rows = targets.map((target) => [
    target.name,
    formatStanding(target),
    formatRevision(target.applied),
    formatRevision(target.attempted),
    formatTime(target.lastRun?.at, now()),
    formatSweep(target, now()),
  ]);
  const head = ['TARGET', 'STATUS', 'APPLIED', 'ATTEMPTED', 'LAST RUN', 'NEXT SWEEP'];
  const [first = '', ...lines] = formatTable(head, rows, terminal.width);
  terminal.out(terminal.paint('bold', first));
  const standings = targets.map(formatStanding);
  for (const [index, line] of lines.entries()) {
    const style = lineStyles[standings[index] ?? ''];
    terminal.out(style === undefined ? line : terminal.paint(style, line));
  }
  for (const { name, lastRun } of targets) {
    if (lastRun?.waitingFor === undefined) continue;
    terminal.out('');
    terminal.out(`${name} waits for ${clean(lastRun.waitingFor)}`);
  }
  for (const [index, { name, lastRun }] of targets.entries()) {
    if (lastRun?.error === undefined || lineStyles[standings[index] ?? ''] === undefined) continue;
    terminal.out('');
    printError(terminal, lastRun.error, name);
  }
}

function printOne({ terminal, now }: Call, target: TargetStatus): void {
  const { source, lastRun } = target;
  const lines = formatDetails([
    ['Target', target.name],
    ['Source', source && `${source.url} ${source.branch} ${source.paths.join(',')}`],
    ['Status', formatStanding(target)],
    ['Applied', target.applied ?? '-'],
    ['Attempted', target.attempted ?? '-'],
    ['Last run', lastRun && `${lastRun.id} ${lastRun.status} ${formatTime(lastRun.at, now())}`],
    ['Waiting for', lastRun?.waitingFor],
    ['Failures', lastRun?.failures?.toString()],
    ['Next sweep', formatSweep(target, now())],
  ]);
  for (const line of lines) terminal.out(line);
  if (lastRun?.error !== undefined) {
    terminal.out('');
    printError(terminal, lastRun.error);
  }
}
