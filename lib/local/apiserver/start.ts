import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { runCommand } from '../../process.ts';
import { controllerManager, type User, writeKubeconfig, writeServiceAccountKeys, writeTokens } from './accounts.ts';
import type { ApiServerBinaries } from './binaries.ts';
import { createChildren } from './children.ts';
import { freePort } from './free-port.ts';

/** A Kubernetes API server on loopback that ends with this process. */
export interface ApiServer extends AsyncDisposable {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** Path of the administrator's kubeconfig, 0600. */
  readonly kubeconfig: string;
  /** Path of the kubeconfig of each further user, by name. */
  readonly kubeconfigs: ReadonlyMap<string, string>;
  /** Ends these very processes; the directory stays. */
  stop(): Promise<void>;
}

export interface ApiServerOptions {
  /** Gets the data, keys and logs; made if absent. Started again with the same directory, the objects are still there. */
  readonly directory: string;
  /** Users beside the administrator; they have no rights but what RBAC objects give them. */
  readonly users?: readonly User[];
}

const readyWithinMs = 90_000;

/**
 * Starts etcd, kube-apiserver and, where there is one, kube-controller-manager, and waits until the server is ready (4–7 s).
 * The flags are those that 1.20 and today's versions share. Throws a `server` Failure with the end of the log of what did not start.
 */
export async function startApiServer(binaries: ApiServerBinaries, options: ApiServerOptions): Promise<ApiServer> {
  const { directory } = options;
  for (const part of ['pki', 'logs', 'etcd']) await mkdir(join(directory, part), { recursive: true, mode: 0o700 });
  const accounts = await writeTokens(directory, options.users ?? []);
  await writeServiceAccountKeys(directory);
  const [port, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  const url = `https://127.0.0.1:${port}`;
  const children = createChildren();
  function start(program: string, args: readonly string[]): void {
    children.start(program, args, join(directory, 'logs'));
  }
  try {
    start(binaries.etcd, etcdFlags(directory, etcdPort, peerPort));
    start(binaries.apiServer, [
      ...apiServerFlags(directory, port, etcdPort),
      // It wants each namespace's service account, which a controller makes.
      ...(binaries.controllerManager === undefined ? ['--disable-admission-plugins=ServiceAccount'] : []),
    ]);
    await untilReady(`${url}/readyz`, children.check);
    const ca = await readFile(join(directory, 'pki/apiserver.crt'), 'utf8');
    for (const account of accounts) await writeKubeconfig(account, url, ca);
    if (binaries.controllerManager !== undefined) {
      start(binaries.controllerManager, await controllerFlags(binaries.controllerManager, directory, await freePort()));
    }
  } catch (error) {
    await children.stop();
    throw error;
  }
  return {
    url,
    kubeconfig: join(directory, 'kubeconfig'),
    kubeconfigs: new Map(accounts.map(({ name, kubeconfig }) => [name, kubeconfig])),
    stop: children.stop,
    [Symbol.asyncDispose]: children.stop,
  };
}

function etcdFlags(directory: string, port: number, peerPort: number): string[] {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  return [
    '--name=local',
    `--data-dir=${join(directory, 'etcd')}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=local=${peer}`,
    // A kept directory remembers the peer address of its first start.
    '--force-new-cluster',
  ];
}

function apiServerFlags(directory: string, port: number, etcdPort: number): string[] {
  const pki = join(directory, 'pki');
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    // It signs a certificate for 127.0.0.1 itself, once: apiserver.crt holds that and the authority's.
    `--cert-dir=${pki}`,
    `--token-auth-file=${join(pki, 'tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(pki, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(pki, 'sa.key')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged=true',
    '--profiling=false',
  ];
}

async function controllerFlags(program: string, directory: string, port: number): Promise<string[]> {
  const pki = join(directory, 'pki');
  const version = await runCommand(program, ['--version'], { directory, environment: {}, timeoutSeconds: 30 });
  // Up to 1.23 it also serves plain http, on a port of its own.
  const insecure = /v1\.(1\d|2[0-3])\./.test(version.stdout.toString()) ? ['--port=0'] : [];
  return [
    `--kubeconfig=${join(directory, `kubeconfig-${controllerManager}`)}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    ...insecure,
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${join(pki, 'sa.key')}`,
    `--root-ca-file=${join(pki, 'apiserver.crt')}`,
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

async function untilReady(url: string, check: () => void): Promise<void> {
  const end = Date.now() + readyWithinMs;
  while (Date.now() < end) {
    check();
    if (await isReady(url)) return;
    await sleep(50);
  }
  throw new Failure('server', `Cannot start an API server: "${url}" is not ready after ${readyWithinMs / 1000} s`);
}

/** No credential is sent, so that the certificate, which does not exist before, need not be checked. */
async function isReady(url: string): Promise<boolean> {
  try {
    const call = request(url, { rejectUnauthorized: false, agent: false, timeout: 2000 }).end();
    call.on('timeout', () => call.destroy());
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}
