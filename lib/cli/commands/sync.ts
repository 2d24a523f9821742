import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../api.ts';
import { parseDuration } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import { type Client, createClient } from '../client.ts';
import { type Call, type Command, outputFlag, serverFlags } from '../command.ts';
import { formatSpan, printJson } from '../print.ts';
import { formatChanges, printObjects, printProblems } from '../print-run.ts';

const firstPollMs = 100;
const longestPollMs = 2000;
/** A server that is started anew in the meantime answers again within this. */
const patienceMs = 20_000;

export const sync: Command = {
  summary: 'bring a target to the head of its branch now, and wait for it',
  usage: 'TARGET [flags]',
  description:
    'Asks the server for a sync and waits until its objects are applied and ready. Always compares with the cluster, so it also repairs what someone changed there.',
  flags: {
    'no-wait': { help: 'print the id of the run and do not wait' },
    timeout: { value: 'DURATION', help: 'how long to wait; default 10m' },
    'take-over': { help: 'claim the target although another installation of Sluice synced it lately (admin)' },
    ...outputFlag,
    ...serverFlags,
  },
  arguments: { least: 1, most: 1 },
  examples: ['sluice sync shop-staging', 'sluice sync shop-staging --no-wait', 'sluice sync shop-staging --timeout 2m'],
  async run(call) {
    const [name = ''] = call.arguments;
    const timeout = readTimeout(call.flag('timeout'));
    const client = createClient(call);
    const { source } = await client.showTarget(name);
    const queued = await client.requestSync(name, call.has('take-over'));
    if (call.has('no-wait')) {
      if (call.json) printJson(call.terminal, queued);
      else call.terminal.out(`Queued as run ${queued.id}; see "sluice runs ${queued.id}"`);
      return 0;
    }
    const say = call.json ? () => undefined : call.terminal.out;
    say(`Synchronizing with ${source.url}`);
    const end = call.now() + timeout;
    let run = await follow(call, client, queued, { end, say });
    while (run.status === 'skipped' && run.supersededBy !== undefined) {
      say(`The newer run ${run.supersededBy} took over`);
      run = await follow(call, client, await client.showRun(run.supersededBy), { end, say });
    }
    if (call.json) printJson(call.terminal, run);
    else printEnd(call, run);
    return exitCode(run);
  },
};

function exitCode({ status, error }: Run): number {
  if (status === 'succeeded' || (status === 'skipped' && error === undefined)) return 0;
  return error?.fault === 'server' ? 2 : 1;
}

function readTimeout(text = '10m'): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds > 0) return seconds * 1000;
  throw new Failure('user', `Cannot wait for "${text}": it is no duration`, { help: 'Write it as 90s, 5m or 1h' });
}

interface Following {
  /** Epoch milliseconds. */
  readonly end: number;
  /** Prints a phase as it begins. */
  say(line: string): void;
}

/** Polls a run until it is over. */
async function follow(call: Call, client: Client, queued: Run, { end, say }: Following): Promise<Run> {
  const start = call.now();
  let run = queued;
  let seen = '';
  let answeredAt = start;
  for (let pause = firstPollMs; ; pause = Math.min(pause * 2, longestPollMs)) {
    for (const line of phasesOf(run)) if (!seen.includes(line)) say(line);
    seen = phasesOf(run).join('\n');
    if (run.status !== 'queued' && run.status !== 'running') return run;
    if (call.now() > end) {
      throw new Failure('server', `Cannot wait longer for run "${run.id}": it is still ${run.status}`, {
        help: `It goes on; see "sluice runs ${run.id}"`,
      });
    }
    call.terminal.progress(`${run.status} for ${formatSpan(call.now() - start)} ...`);
    await sleep(pause);
    try {
      run = await client.showRun(run.id);
      answeredAt = call.now();
    } catch (error) {
      const restarting = error instanceof Failure && error.code === 'Unreachable';
      if (!restarting || call.now() - answeredAt > patienceMs) throw error;
    } finally {
      call.terminal.progress('');
    }
  }
}

/** What fluxctl says along the way (facts/flux-v1.md §3). */
function phasesOf(run: Run): string[] {
  if (run.revision === undefined) return [];
  const [branch, commit = ''] = run.revision.split('@sha1:');
  const short = commit.slice(0, 7);
  const lines = [`Revision of ${branch} to apply is ${short}`, `Waiting for ${short} to be applied ...`];
  return run.phase === 'waiting' ? [...lines, 'Applied; waiting for the objects to become ready ...'] : lines;
}

function printEnd({ terminal }: Call, run: Run): void {
  printObjects(terminal, run);
  printProblems(terminal, run);
  if (run.objects.length > 0 || run.error !== undefined) terminal.out('');
  if (run.status === 'succeeded') terminal.out(terminal.paint('green', `Done: ${formatChanges(run.changes)}.`));
  else
    terminal.out(`The run ${run.status === 'skipped' ? 'was skipped' : 'has failed'}: ${formatChanges(run.changes)}.`);
}
