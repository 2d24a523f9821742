import { createHash } from 'node:crypto';
import type { Connect, ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import { describeSecret } from '../../domain/settings/describe-secret.ts';
import type { ClusterAccess } from '../../domain/settings/settings.ts';
import type { Log } from '../../log.ts';
import { type Access, createAccess } from './access.ts';
import { createCluster } from './cluster.ts';
import { createConnections } from './connections.ts';
import { type EksLogin, eksContext } from './eks.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { login as inlineLogin, type LoggedIn, type Login } from './login.ts';
import { createRest } from './rest.ts';

export interface ConnectOptions {
  readonly readSecret: ReadSecret;
  /** How the kubeconfig's user logs in. By default only with what the kubeconfig holds; `createLocalLogin` reads files and runs plugins. */
  readonly login?: Login;
  /** How to log in to EKS; absent where there is no role of AWS. */
  readonly eks?: EksLogin;
  /** Told of a server whose certificate is not checked. */
  readonly log?: Pick<Log, 'warn'>;
  /** Milliseconds that a request may take; default 65,000. */
  readonly timeoutMs?: number;
  /** Milliseconds for which connections are kept for the next who connects; default 0. */
  readonly idleMs?: number;
}

/** How a target logs in, and what is the same as long as it logs in the same way. */
interface Source {
  readonly name: string;
  readonly key: readonly unknown[];
  logIn(): Promise<LoggedIn>;
}

/**
 * Connects with kubeconfigs that are kept as secrets. What is wrong with one is a `user` Failure that names the secret, the context and the
 * entry, never a value. Disposing of the cluster closes its connections, or leaves them to the next who connects; aborting the signal ends what is in flight.
 */
export function createConnect(options: ConnectOptions): Connect {
  const { readSecret, login = inlineLogin, eks, log, timeoutMs } = options;
  const connections = createConnections(options.idleMs ?? 0);

  async function findAccess(logIn: () => Promise<LoggedIn>, name: string, impersonate?: string): Promise<Access> {
    const { context, credentials } = await logIn();
    const access = createAccess(context, credentials, name, impersonate);
    if (access.tls?.rejectUnauthorized === false) {
      const server = access.url.origin;
      log?.warn('The certificate of an API server is not checked: insecure-skip-tls-verify', { server });
    }
    return access;
  }

  /** What the account logs in with: the kubeconfig, or what the cloud says of the cluster. */
  async function source({ kubeconfig, eks: cluster, context }: ClusterAccess): Promise<Source> {
    if (kubeconfig !== undefined) {
      const name = describeSecret(kubeconfig);
      const text = await readSecret(kubeconfig);
      return { name, key: [text, context], logIn: () => login(readKubeconfig(text, name, context), name) };
    }
    if (cluster === undefined || eks === undefined) throw refuseEks(cluster?.name ?? '');
    const name = `eks ${cluster.name}`;
    return { name, key: [cluster], logIn: async () => eksContext(cluster, await eks(cluster)) };
  }

  return async (target, signal, held) => {
    const { name, key, logIn } = await source(target);
    const id = createHash('sha256')
      .update(JSON.stringify([name, key, target.impersonate]))
      .digest('base64url');
    const { access, transport, close } = await connections.open(id, () => findAccess(logIn, name, target.impersonate));
    const { origin } = access.url;
    const rest = createRest(transport, { origin, signal, held, ...(timeoutMs !== undefined && { timeoutMs }) });
    return createCluster(rest, { id: access.id, namespace: access.namespace, close });
  };
}

function refuseEks(cluster: string): Failure {
  return new Failure(
    'user',
    `Cannot connect to the EKS cluster "${cluster}": only the functions in AWS log in to EKS`,
    {
      code: 'Kubeconfig',
      help: 'For a local run set cluster.kubeconfig to a kubeconfig with the token of a ServiceAccount',
    },
  );
}
