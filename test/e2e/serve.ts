import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Run, RunPage } from '../../lib/api.ts';
import { freePort } from '../../lib/local/apiserver/free-port.ts';
import { testEnvironment } from '../parts/run.ts';

const main = join(import.meta.dirname, '../../lib/cli/main.ts');
/** kubectl and helm are unpacked below the home directory: once for all tests. */
const home = join(tmpdir(), 'sluice-test-home');

export interface ServeSetup {
  /** What `sluice.yaml` says; `version`, one GitHub webhook with the id `github` and one administrator's token are added. Text is taken as it is. */
  readonly settings: Readonly<Record<string, unknown>> | string;
  /** Contents of files beside `sluice.yaml`, for `{ file: NAME }` secrets. `webhook-secret` and `token` are made if they are not named. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with the directory of its data before it starts for the first time. */
  readonly prepare?: (data: string) => Promise<void>;
}

/** What a push webhook of GitHub says of a push. */
export interface Push {
  /** Address of the repository, as a target's source has it. */
  readonly url: string;
  readonly before?: string;
  readonly after: string;
  /** Default `refs/heads/main`. */
  readonly ref?: string;
  /** `X-GitHub-Delivery`; default a new one. */
  readonly delivery?: string;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any answer.
  readonly body: any;
}

/** `sluice serve` as a child process, as a person starts it. */
export interface Serve extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, the same after a restart. */
  readonly url: string;
  /** Holds `sluice.yaml`, the secrets and `data`. */
  readonly directory: string;
  readonly data: string;
  readonly webhookSecret: string;
  readonly token: string;
  readonly pid: number;
  /** Everything that it printed so far, over all restarts. */
  readonly output: string;
  /** Any request; a body that is no text or bytes is sent as JSON. */
  request(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** A push webhook, signed as GitHub does, to `/webhooks/<webhook>`; default `github`. */
  deliver(push: Push, webhook?: string): Promise<Answer>;
  /** Delivers and gives the ids of the runs; an Error unless it is answered 202. */
  pushed(push: Push): Promise<readonly string[]>;
  /** Asks for a sync; gives the id of its run. */
  sync(target: string): Promise<string>;
  /** The newest 50 runs of a target, or of all. */
  runs(target?: string): Promise<readonly Run[]>;
  run(id: string): Promise<Run>;
  /** The run once it is over; an Error that shows it after `seconds` (default 30). */
  ended(id: string, seconds?: number): Promise<Run>;
  /** Once no run is queued or running: all of them. */
  idle(seconds?: number): Promise<readonly Run[]>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code when it has drained. */
  stop(): Promise<number | null>;
  /** Starts it again, once it was killed or stopped, with the same settings and data. */
  restart(): Promise<void>;
}

/** Resolves when it answers `/healthz`; an Error with what it printed if it ends before. Disposal kills it and removes its directory. */
export async function startServe(setup: ServeSetup): Promise<Serve> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-e2e-'));
  const data = join(directory, 'data');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const secrets: Record<string, string> = {
    'webhook-secret': randomBytes(24).toString('base64url'),
    token: randomBytes(18).toString('base64url'),
    ...setup.secrets,
  };
  const { 'webhook-secret': webhookSecret = '', token = '' } = secrets;
  await mkdir(home, { recursive: true });
  for (const [name, contents] of Object.entries(secrets)) {
    await writeFile(join(directory, name), contents, { mode: 0o600 });
  }
  await writeFile(join(directory, 'sluice.yaml'), settingsText(setup.settings));

  let child: ChildProcess;
  let output = '';

  async function start(): Promise<void> {
    child = spawn(process.execPath, [main, 'serve', '--config', 'sluice.yaml', '--port', `${port}`, '--data', data], {
      cwd: directory,
      env: { ...testEnvironment, HOME: home, ...setup.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    for (const end = Date.now() + 30_000; Date.now() < end && isAlive(child); await sleep(20)) {
      const answer = await fetch(`${url}/healthz`).catch(() => undefined);
      if (answer?.ok) return;
    }
    await end('SIGKILL');
    throw new Error(`"sluice serve" does not answer:\n${output}`);
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    if (isAlive(child)) {
      const closed = once(child, 'close');
      child.kill(signal);
      await closed;
    }
    return child.exitCode;
  }

  async function request(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: json(await response.text()) };
  }

  function deliver(push: Push, webhook = 'github'): Promise<Answer> {
    const { url: repository, after, before = after, ref = 'refs/heads/main', delivery = randomUUID() } = push;
    const body = JSON.stringify({ ref, before, after, repository: { clone_url: repository, ssh_url: repository } });
    return request('POST', `/webhooks/${webhook}`, body, {
      'x-github-event': 'push',
      'x-github-delivery': delivery,
      'x-hub-signature-256': `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`,
    });
  }

  async function pushed(push: Push): Promise<readonly string[]> {
    const { status, body } = await deliver(push);
    if (status !== 202) throw new Error(`the delivery was answered ${status} ${JSON.stringify(body)}`);
    return body.runs;
  }

  async function sync(target: string): Promise<string> {
    const { status, body } = await request('POST', `/v1/targets/${target}/sync`);
    if (status !== 202) throw new Error(`the sync was answered ${status} ${JSON.stringify(body)}`);
    return body.id;
  }

  async function runs(target?: string): Promise<readonly Run[]> {
    const { body } = await request('GET', target === undefined ? '/v1/runs' : `/v1/runs?target=${target}`);
    return RunPage.parse(body).runs;
  }

  async function run(id: string): Promise<Run> {
    const { body } = await request('GET', `/v1/runs/${id}`);
    return Run.parse(body);
  }

  async function ended(id: string, seconds = 30): Promise<Run> {
    let last: Run | undefined;
    for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(20)) {
      last = await run(id);
      if (isOver(last)) return last;
    }
    throw new Error(`after ${seconds} s the run is ${JSON.stringify(last, undefined, 2)}\n${output}`);
  }

  async function idle(seconds = 30): Promise<readonly Run[]> {
    let last: readonly Run[] = [];
    for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(50)) {
      last = await runs();
      if (last.every(isOver)) return last;
    }
    throw new Error(`after ${seconds} s the runs are ${JSON.stringify(last, undefined, 2)}\n${output}`);
  }

  function killOnExit(): void {
    child.kill('SIGKILL');
  }

  async function dispose(): Promise<void> {
    process.off('exit', killOnExit);
    await end('SIGKILL');
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }

  process.on('exit', killOnExit);
  try {
    await setup.prepare?.(data);
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url,
    directory,
    data,
    webhookSecret,
    token,
    get pid() {
      return child.pid ?? 0;
    },
    get output() {
      return output;
    },
    request,
    deliver,
    pushed,
    sync,
    runs,
    run,
    ended,
    idle,
    async kill() {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
    restart: start,
    [Symbol.asyncDispose]: dispose,
  };
}

function settingsText(settings: ServeSetup['settings']): string {
  if (typeof settings === 'string') return settings;
  return JSON.stringify({
    version: 1,
    webhooks: [{ id: 'github', sender: 'github', secret: { file: 'webhook-secret' } }],
    api: { tokens: [{ name: 'test', role: 'admin', secret: { file: 'token' } }] },
    ...settings,
  });
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function isOver({ status }: Run): boolean {
  return status !== 'queued' && status !== 'running';
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
