import { createHash } from 'node:crypto';
import type { Connect, ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import { describeSecret } from '../../domain/settings/describe-secret.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Log } from '../../log.ts';
import { type Access, createAccess } from './access.ts';
import { createCluster } from './cluster.ts';
import { createConnections } from './connections.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { login as inlineLogin, type Login } from './login.ts';
import { createRest } from './rest.ts';

export interface ConnectOptions {
  readonly readSecret: ReadSecret;
  /** How the kubeconfig's user logs in. By default only with what the kubeconfig holds; `createLocalLogin` reads files and runs plugins. */
  readonly login?: Login;
  /** Told of a server whose certificate is not checked. */
  readonly log?: Pick<Log, 'warn'>;
  /** Milliseconds that a request may take; default 65,000. */
  readonly timeoutMs?: number;
  /** Milliseconds for which connections are kept for the next who connects; default 0. */
  readonly idleMs?: number;
}

/**
 * Connects with kubeconfigs that are kept as secrets. What is wrong with one is a `user` Failure that names the secret, the context and the
 * entry, never a value. Disposing of the cluster closes its connections, or leaves them to the next who connects; aborting the signal ends what is in flight.
 */
export function createConnect(options: ConnectOptions): Connect {
  const { readSecret, login = inlineLogin, log, timeoutMs } = options;
  const connections = createConnections(options.idleMs ?? 0);

  async function findAccess(text: string, name: string, target: Target['cluster']): Promise<Access> {
    const { context, credentials } = await login(readKubeconfig(text, name, target.context), name);
    const access = createAccess(context, credentials, name, target.impersonate);
    if (access.tls?.rejectUnauthorized === false) {
      const server = access.url.origin;
      log?.warn('The certificate of an API server is not checked: insecure-skip-tls-verify', { server });
    }
    return access;
  }

  return async (target, signal) => {
    if (target.kubeconfig === undefined) throw refuseEks(target.eks?.name ?? '');
    const name = describeSecret(target.kubeconfig);
    const text = await readSecret(target.kubeconfig);
    const key = createHash('sha256')
      .update(JSON.stringify([text, name, target.context, target.impersonate]))
      .digest('base64url');
    const { access, transport, close } = await connections.open(key, () => findAccess(text, name, target));
    const { origin } = access.url;
    const rest = createRest(transport, { origin, signal, ...(timeoutMs !== undefined && { timeoutMs }) });
    return createCluster(rest, { id: access.id, namespace: access.namespace, close });
  };
}

function refuseEks(cluster: string): Failure {
  return new Failure('user', `Cannot connect to the EKS cluster "${cluster}": cluster.eks is not supported yet`, {
    code: 'Kubeconfig',
    help: 'Set cluster.kubeconfig to a kubeconfig with the token of a ServiceAccount',
  });
}
