import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../lib/local/apiserver/free-port.ts';
import { type BenchTarget, settingsOf } from './bench-target.ts';

export interface Push {
  readonly url: string;
  readonly before: string;
  readonly after: string;
}

/** A push whose webhook was answered; times are of `performance.now`. */
export interface Delivered {
  readonly at: number;
  readonly answeredAt: number;
  readonly runs: readonly string[];
}

/** `sluice serve` in a process of its own, as its users run it. */
export interface SluiceChild extends AsyncDisposable {
  readonly url: string;
  /** Delivers the signed webhook of a push. */
  deliver(push: Push): Promise<Delivered>;
  /** When everything of a run was applied, by `performance.now`. */
  applied(run: string): Promise<number>;
  /** Delivers the webhook of a push that concerns one target; resolves with the milliseconds from then until everything was applied. */
  push(push: Push): Promise<number>;
  /** Asks for a sync of a target, as a sweep does; resolves as `push`. */
  sync(target: string): Promise<number>;
  /** The most memory that it held so far, in MB; undefined where the system does not tell. */
  peakMegabytes(): number | undefined;
}

const secret = 'bench-webhook-secret';
const token = 'bench-api-token';
/** The whole Authorization header of a registry whose webhook names the secret BENCH_REGISTRY_SECRET. */
export const registrySecret = 'bench-registry-secret';
const program = join(import.meta.dirname, '../../lib/cli/main.ts');
const longestMs = 300_000;

/** A line of the log that ends the work of a run. */
interface End {
  readonly run?: string;
  readonly level: string;
  /** Present where everything was applied, also if it is still waited for health, which nobody gives here. */
  readonly changes?: unknown;
  readonly at: number;
}

/** `settings` are more than the targets need. */
export async function startSluice(
  directory: string,
  kubeconfig: string,
  targets: readonly BenchTarget[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<SluiceChild> {
  mkdirSync(directory, { recursive: true });
  const own = mkdtempSync(join(directory, 'sluice-'));
  const config = join(own, 'sluice.yaml');
  writeFileSync(config, JSON.stringify({ ...settingsOf(targets, kubeconfig), ...settings }));
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  // `--cpu-prof --cpu-prof-dir=DIR` shows where the time goes.
  const flags = process.env.SLUICE_BENCH_FLAGS?.split(' ') ?? [];
  const child = spawn(
    process.execPath,
    [...flags, program, 'serve', '--config', config, '--port', String(port), '--data', join(own, 'data')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: own,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        BENCH_SECRET: secret,
        BENCH_TOKEN: token,
        BENCH_REGISTRY_SECRET: registrySecret,
      },
    },
  );
  const ended = once(child, 'exit');
  const log: string[] = [];
  const ends = new Map<string, End>();
  const lines = new EventEmitter().setMaxListeners(0);
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.push(line);
    const end: End = { ...JSON.parse(line), at: performance.now() };
    if (end.run === undefined || (end.changes === undefined && end.level === 'info')) return;
    ends.set(end.run, end);
    lines.emit(end.run);
  });
  await answers(`${address}/healthz`);

  async function applied(run: string): Promise<number> {
    if (!ends.has(run)) await once(lines, run, { signal: AbortSignal.timeout(longestMs) }).catch(() => undefined);
    const end = ends.get(run);
    if (end?.changes !== undefined) return end.at;
    throw new Error(`The run did not go well:\n${log.slice(-5).join('\n')}`);
  }

  async function deliver({ url, before, after }: Push): Promise<Delivered> {
    const body = JSON.stringify({
      ref: 'refs/heads/main',
      before,
      after,
      repository: { clone_url: url, ssh_url: url },
    });
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    };
    const at = performance.now();
    const response = await fetch(`${address}/webhooks/bench`, { method: 'POST', body, headers });
    const { runs = [] } = (await response.json()) as { runs?: string[] };
    if (response.status !== 202) throw new Error(`The webhook was answered ${response.status}`);
    return { at, answeredAt: performance.now(), runs };
  }

  return {
    url: address,
    deliver,
    applied,
    async push(push) {
      const { at, runs } = await deliver(push);
      const [run = '', ...more] = runs;
      if (more.length > 0) throw new Error(`The push concerns ${runs.length} targets`);
      return (await applied(run)) - at;
    },
    async sync(target) {
      const begin = performance.now();
      const response = await fetch(`${address}/v1/targets/${target}/sync`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      });
      if (!response.ok) throw new Error(`The sync was answered ${response.status}`);
      const { id } = (await response.json()) as { id: string };
      return (await applied(id)) - begin;
    },
    peakMegabytes() {
      if (process.platform !== 'linux') return undefined;
      const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Number(kilobytes) / 1024;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('sluice serve does not answer');
}
