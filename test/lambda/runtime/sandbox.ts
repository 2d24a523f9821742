import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRuntimeApi } from './runtime-api.ts';

/** Where `npm ci` of test/lambda/client puts the runtime client. */
export const runtimeClient = join(import.meta.dirname, '../client/node_modules/aws-lambda-ric');

export interface SandboxSetup {
  readonly name: string;
  readonly handler: string;
  readonly memory: number;
  readonly timeoutSeconds: number;
  /** Becomes `/var/task`, `/opt`. */
  readonly task: string;
  readonly opt: string;
  /** Beside what Lambda itself sets. */
  readonly environment: Readonly<Record<string, string>>;
}

/** One execution environment: a process of the function under Lambda's runtime client. */
export interface Sandbox extends AsyncDisposable {
  readonly pid: number;
  /** From its start until it asked for its first event. */
  readonly initMs: number;
  readonly isAlive: boolean;
  readonly output: string;
  /** Rejects if the function throws, ends, or is not done in time, after which it is killed as Lambda does. */
  invoke(event: unknown, seconds?: number): Promise<unknown>;
  /** SIGSTOP and SIGCONT of the process and all its children. */
  freeze(): void;
  thaw(): void;
  /** Keeps its clock as it is, whatever the others' do. */
  holdClock(): void;
  /** Everything in it. */
  kill(): Promise<void>;
  /** Resident memory in megabytes. */
  megabytes(): number;
  /** Names of its variables, sorted. */
  variables(): readonly string[];
  /** Those of the folders in which its root could write. */
  writable(folders: readonly string[]): readonly string[];
}

/**
 * Lays the root file system out as Lambda does, in a mount namespace of its own: all of it read-only but an empty `/tmp`. What is bound comes
 * first, since it may be below `/tmp`. The process is the first of its own process namespace: whatever it started ends with it.
 */
const layout = `
set -e
mount -t tmpfs -o size=64m tmpfs /var
mkdir -p /var/task /var/runtime/node /var/runtime/client
mount --bind "$TASK" /var/task && mount -o remount,ro,bind /var/task
mount --bind "$NODE" /var/runtime/node && mount -o remount,ro,bind /var/runtime/node
mount --bind "$CLIENT" /var/runtime/client && mount -o remount,ro,bind /var/runtime/client
mount --bind "$OPT" /opt && mount -o remount,ro,bind /opt
mount -o remount,ro /var
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -o remount,ro,bind /
cd /var/task
unset TASK NODE CLIENT OPT PWD OLDPWD SHLVL
exec /var/runtime/node/node /var/runtime/client/index.mjs "$_HANDLER"
`;

export async function startSandbox(setup: SandboxSetup): Promise<Sandbox> {
  const api = await startRuntimeApi(setup.name);
  const begin = performance.now();
  const child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', layout], {
    env: {
      TASK: setup.task,
      OPT: setup.opt,
      NODE: dirname(realpathSync(process.execPath)),
      CLIENT: runtimeClient,
      ...lambdaEnvironment(setup, api.address),
      ...setup.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const ended = once(child, 'close').then(() => api[Symbol.asyncDispose]());

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }

  try {
    await api.ready;
  } catch (error) {
    await kill();
    throw new Error(`${(error as Error).message}\n${output}`);
  }
  const initMs = performance.now() - begin;
  return {
    pid: child.pid ?? 0,
    initMs,
    get isAlive() {
      return isAlive(child);
    },
    get output() {
      return output;
    },
    async invoke(event, seconds = setup.timeoutSeconds) {
      const done = new AbortController();
      const late = sleep(seconds * 1000, undefined, { signal: done.signal }).then(kill, () => undefined);
      try {
        return await api.invoke(event, Date.now() + seconds * 1000);
      } finally {
        done.abort();
        await late;
      }
    },
    freeze: () => signalAll(child, 'SIGSTOP'),
    thaw: () => signalAll(child, 'SIGCONT'),
    holdClock: () => writeFileSync(`/proc/${descendants(child.pid ?? 0)[0]}/root/tmp/clock`, '0'),
    kill,
    megabytes: () => residentMegabytes(child),
    variables() {
      const environment = readFileSync(`/proc/${descendants(child.pid ?? 0)[0]}/environ`, 'utf8');
      return environment
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => line.replace(/=.*/s, ''))
        .sort();
    },
    writable(folders) {
      return folders.filter((folder) => isWritable(`/proc/${descendants(child.pid ?? 0)[0]}/root${folder}`));
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** What Lambda sets by itself; a process of a function has no other variables than these and those of the template. */
function lambdaEnvironment({ name, handler, memory }: SandboxSetup, address: string): Record<string, string> {
  return {
    _HANDLER: handler,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/01/[$LATEST]0123456789abcdef',
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_REGION: 'eu-central-1',
    AWS_DEFAULT_REGION: 'eu-central-1',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: '/var/task',
    LANG: 'en_US.UTF-8',
    LD_LIBRARY_PATH: '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/opt/bin',
    TZ: ':UTC',
  };
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function signalAll(child: ChildProcess, signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of descendants(child.pid ?? 0)) process.kill(pid, signal);
}

/** The processes below `pid`; `unshare` itself only waits. */
function descendants(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
  return children.flatMap((found) => [found, ...descendants(found)]);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function residentMegabytes(child: ChildProcess): number {
  const [pid] = descendants(child.pid ?? 0);
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

function isWritable(folder: string): boolean {
  const file = join(folder, 'sluice-test-probe');
  try {
    writeFileSync(file, '');
    rmSync(file);
    return true;
  } catch {
    return false;
  }
}
