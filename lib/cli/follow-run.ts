import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../api.ts';
import { Failure } from '../domain/failure.ts';
import { parseDuration } from '../domain/settings/duration.ts';
import type { Client } from './client.ts';
import type { Call, Flag } from './command.ts';
import { clean, formatSpan, printJson } from './print.ts';
import { formatChanges, printObjects, printProblems } from './print-run.ts';

const firstPollMs = 100;
const longestPollMs = 2000;
/** A server that is started anew in the meantime answers again within this. */
const patienceMs = 20_000;

/** Flags of every command that queues a run. */
export const followFlags = {
  'no-wait': { help: 'print the id of the run and do not wait' },
  timeout: { value: 'DURATION', help: 'how long to wait; default 10m' },
} as const satisfies Record<string, Flag>;

/** Milliseconds for which the command waits. Throws a `user` Failure if `--timeout` is no duration. */
export function readTimeout(call: Call): number {
  const text = call.flag('timeout') ?? '10m';
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds > 0) return seconds * 1000;
  throw new Failure('user', `Cannot wait for "${text}": it is no duration`, { help: 'Write it as 90s, 5m or 1h' });
}

export interface FollowOptions {
  /** Milliseconds. */
  readonly timeout: number;
  /** What is printed before anything else. */
  readonly intro: string;
}

/**
 * Waits for a run that was queued, or for the one that took over, and prints how it goes and what it did. Returns the run that is over;
 * with `--no-wait` what was queued. Throws a `server` Failure when the time is up.
 */
export async function followRun(call: Call, client: Client, queued: Run, options: FollowOptions): Promise<Run> {
  const { terminal } = call;
  if (call.has('no-wait')) {
    if (call.json) printJson(terminal, queued);
    else terminal.out(`Queued as run ${queued.id}; see "sluice runs ${queued.id}"`);
    return queued;
  }
  const say = call.json ? () => undefined : terminal.out;
  say(options.intro);
  const end = call.now() + options.timeout;
  let run = await follow(call, client, queued, { end, say });
  while (run.status === 'skipped' && run.supersededBy !== undefined) {
    say(`The newer run ${run.supersededBy} took over`);
    run = await follow(call, client, await client.showRun(run.supersededBy), { end, say });
  }
  if (call.json) printJson(terminal, run);
  else printEnd(call, run);
  return run;
}

/** Of a command that asked for this run (DESIGN §5.3). */
export function exitCodeOf({ status, error }: Run): number {
  if (status === 'queued' || status === 'succeeded' || (status === 'skipped' && error === undefined)) return 0;
  return error?.fault === 'server' ? 2 : 1;
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
      const reason = run.error === undefined ? '' : ` (${run.error.message})`;
      throw new Failure('server', `Cannot wait longer for run "${run.id}": it is still ${run.status}${reason}`, {
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

/** What fluxctl says along the way of a sync (facts/flux-v1.md §3), and why it is not done yet; deletions and releases have no phases. */
function phasesOf(run: Run): string[] {
  if (run.status === 'queued' && run.error !== undefined) {
    const { message, help = '' } = run.error;
    return [`This attempt failed: ${clean(message)}. ${clean(help)}`];
  }
  if (run.revision === undefined || run.kind !== 'sync') return [];
  const [branch, commit = ''] = run.revision.split('@sha1:');
  const short = commit.slice(0, 7);
  const lines = [`Revision of ${branch} to apply is ${short}`, `Waiting for ${short} to be applied ...`];
  if (run.phase !== 'waiting') return lines;
  return [...lines, `Applied; waiting for ${clean(run.waitingFor ?? 'the objects to become ready')} ...`];
}

function printEnd({ terminal }: Call, run: Run): void {
  printObjects(terminal, run);
  printProblems(terminal, run);
  if (run.objects.length > 0 || run.error !== undefined) terminal.out('');
  if (run.status === 'succeeded') terminal.out(terminal.paint('green', `Done: ${formatChanges(run.changes)}.`));
  else
    terminal.out(`The run ${run.status === 'skipped' ? 'was skipped' : 'has failed'}: ${formatChanges(run.changes)}.`);
}
