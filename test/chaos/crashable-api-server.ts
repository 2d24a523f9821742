import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiServerBinaries } from '../../lib/local/apiserver/binaries.ts';
import { createChildren } from '../../lib/local/apiserver/children.ts';
import { startApiServer } from '../../lib/local/apiserver/start.ts';
import { type Ask, createAsk } from './ask.ts';

/** An API server whose kube-apiserver is killed and comes back where it was, as another process of the same command line. */
export interface CrashableApiServer extends AsyncDisposable {
  readonly kubeconfig: string;
  /** Requests of the administrator, past everything that goes wrong. */
  readonly ask: Ask;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Resolves once it is ready. */
  restart(): Promise<void>;
}

interface Running {
  readonly pid: number;
  readonly command: readonly string[];
}

/** Without controllers, so that nobody but the tested makes, changes or removes an object. */
export async function startCrashableApiServer(
  { etcd, apiServer }: ApiServerBinaries,
  directory: string,
): Promise<CrashableApiServer> {
  const server = await startApiServer({ etcd, apiServer }, { directory });
  const successors = createChildren();
  const ask = await createAsk(server.kubeconfig);
  let command = (await findRunning(directory))?.command ?? [];

  async function kill(): Promise<void> {
    const running = await findRunning(directory);
    if (running === undefined) return;
    command = running.command;
    process.kill(running.pid, 'SIGKILL');
    while ((await findRunning(directory)) !== undefined) await sleep(10);
  }

  async function restart(): Promise<void> {
    const [program = '', ...args] = command;
    successors.start(program, args, join(directory, 'logs'));
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) {
      const answer = await ask('GET', '/readyz').catch(() => undefined);
      if (answer?.status === 200) return;
    }
    throw new Error('The API server does not come back');
  }

  return {
    kubeconfig: server.kubeconfig,
    ask,
    kill,
    restart,
    async [Symbol.asyncDispose]() {
      ask.close();
      await kill();
      await successors.stop();
      await server.stop();
    },
  };
}

/** The kube-apiserver whose certificates are in this directory; the program that started it does not tell its pid. */
async function findRunning(directory: string): Promise<Running | undefined> {
  const own = `--cert-dir=${join(directory, 'pki')}`;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const command = line.split('\0').slice(0, -1);
    if (command.includes(own)) return { pid: Number(entry), command };
  }
  return undefined;
}
