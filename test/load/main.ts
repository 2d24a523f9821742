import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RunPage } from '../../lib/api.ts';
import type { Serve } from '../e2e/serve.ts';
import { malformed, wellFormed } from './deliveries.ts';
import { readLedger } from './ledger.ts';
import { send } from './send.ts';
import { openWorld } from './world.ts';

/**
 * `npm run load [-- --seconds 60] [--rate 1000] [--targets 100] [--working]`: deliveries at a steady rate to `sluice serve` on loopback, 1 % of them
 * malformed. The git server answers nobody until the last is sent, so that jobs stay queued, unless `--working`. Then everything drains.
 * The last line is the verdict; exit 1 if anything was lost or answered wrongly, or the answers were too slow.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '1000' },
    targets: { type: 'string', default: '100' },
    working: { type: 'boolean', default: false },
  },
});
const [seconds, perSecond, count] = [Number(values.seconds), Number(values.rate), Number(values.targets)];
const goalMs = 50;
const drainSeconds = 900;

function say(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`);
}

say(`${count} targets`);
await using world = await openWorld(count);
const { serve, git, targets } = world;
if (!values.working) git.fault = 'hang';

say(`${perSecond} deliveries a second for ${seconds} s`);
const memory: number[] = [];
const cpuBefore = cpuSeconds(serve.pid);
const watch = setInterval(() => memory.push(residentMegabytes(serve.pid)), 1000);
const { answered, latestMs, runs, wrong, endedAt } = await send({
  url: serve.url,
  perSecond,
  seconds,
  make(number) {
    const target = targets[number % targets.length] ?? { name: '', url: '', head: '' };
    return number % 100 === 99
      ? malformed(Math.floor(number / 100), target, serve.webhookSecret)
      : wellFormed(Math.floor(number / targets.length), target, serve.webhookSecret);
  },
});
clearInterval(watch);
const cpu = cpuSeconds(serve.pid) - cpuBefore;
git.fault = undefined;
say(`draining ${runs.length} runs`);
const drained = await drain(serve);
const peak = residentMegabytes(serve.pid);
await serve.stop();
const ledger = readLedger(serve.data, runs);

const all = answered.flat();
const slowSeconds = answered.flatMap((times, second) => (quantile(times, 0.99) > goalMs ? [second] : []));
const waiting = runs.length - ledger.endedBefore(endedAt);
const lost = ledger.missing + ledger.messages + ledger.dead + (drained === undefined ? 1 : 0);
const [third = 0, last = 0] = [memory[Math.floor(memory.length / 3)], memory.at(-1)];
const rows: readonly (readonly [string, string])[] = [
  ['machine', `${cpus().length} × ${cpus()[0]?.model}, node ${process.version}`],
  ['deliveries', `${all.length} in ${seconds} s to ${count} targets, the latest sent ${latestMs.toFixed(0)} ms late`],
  [
    'answers',
    `p50 ${quantile(all, 0.5).toFixed(1)} ms, p99 ${quantile(all, 0.99).toFixed(1)} ms (goal < ${goalMs}), p99.9 ${quantile(all, 0.999).toFixed(1)} ms, slowest ${quantile(all, 1).toFixed(0)} ms`,
  ],
  ['seconds that were slower than the goal', slowSeconds.join(', ') || 'none'],
  [
    'processor',
    `${((cpu * 1000) / all.length).toFixed(2)} ms of the server for each delivery, load of the machine ${loadavg()[0]?.toFixed(1)}`,
  ],
  ['answered otherwise than expected', [...wrong].map(([what, times]) => `${times} × ${what}`).join(', ') || 'none'],
  ['runs', `${runs.length} accepted, ${ledger.missing} missing, ${JSON.stringify(ledger.statuses)}`],
  ['queued when the last was sent', `${waiting} of ${runs.length}`],
  [
    'drained',
    drained === undefined
      ? `not within ${drainSeconds} s`
      : `in ${drained.toFixed(1)} s, ${ledger.messages} messages left, ${ledger.dead} dead`,
  ],
  [
    'memory',
    `${third.toFixed(0)} MB after a third of the time, ${last.toFixed(0)} MB at its end, ${peak.toFixed(0)} MB drained; database ${ledger.megabytes.toFixed(0)} MB`,
  ],
];
const width = Math.max(...rows.map(([name]) => name.length));
for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`);
const isGood = lost === 0 && wrong.size === 0 && quantile(all, 0.99) < goalMs;
console.log(
  `lost ${lost}, wrong ${[...wrong.values()].reduce((sum, times) => sum + times, 0)}, p99 ${quantile(all, 0.99).toFixed(1)} ms`,
);
process.exitCode = isGood ? 0 : 1;

/** Seconds until every run is over; undefined if that takes too long. */
async function drain(server: Serve): Promise<number | undefined> {
  const began = Date.now();
  while (Date.now() < began + drainSeconds * 1000) {
    if (!(await isAnyOpen(server))) return (Date.now() - began) / 1000;
    await sleep(1000);
  }
  return undefined;
}

/** Looks at the runs from the newest on, page by page, until one is not over. */
async function isAnyOpen(server: Serve): Promise<boolean> {
  for (let path = '/v1/runs'; ; ) {
    const { body } = await server.request('GET', path);
    const page = RunPage.parse(body);
    if (page.runs.some(({ status }) => status === 'queued' || status === 'running')) return true;
    if (page.next === undefined) return false;
    path = `/v1/runs?after=${encodeURIComponent(page.next)}`;
  }
}

/** What the system says that a process holds; 0 where it does not tell. */
function residentMegabytes(pid: number): number {
  const file = `/proc/${pid}/status`;
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(existsSync(file) ? readFileSync(file, 'utf8') : '') ?? [];
  return Number(kilobytes) / 1024;
}

/** Of user and system, as the kernel counts them: in hundredths. */
function cpuSeconds(pid: number): number {
  const file = `/proc/${pid}/stat`;
  const stat = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [, , , , , , , , , , , , user = '0', system = '0'] = stat.slice(stat.lastIndexOf(')') + 1).split(' ');
  return (Number(user) + Number(system)) / 100;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}
