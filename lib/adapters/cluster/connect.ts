import type { Connect, ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { ClusterAccess, SecretRef } from '../../domain/settings/settings.ts';
import type { Log } from '../../log.ts';
import { createAccess } from './access.ts';
import { createCluster } from './cluster.ts';
import { type EksLogin, eksContext } from './eks.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { login as inlineLogin, type LoggedIn, type Login } from './login.ts';
import { createRest } from './rest.ts';
import { createTransport } from './transport.ts';

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
}

/**
 * Connects with kubeconfigs that are kept as secrets. What is wrong with one is a `user` Failure that names the secret, the context and the
 * entry, never a value. Disposing of the cluster closes its connections; aborting the signal ends what is in flight.
 */
export function createConnect(options: ConnectOptions): Connect {
  const { readSecret, login = inlineLogin, eks, log, timeoutMs } = options;

  async function logIn({ kubeconfig, eks: cluster, context }: ClusterAccess, name: string): Promise<LoggedIn> {
    if (kubeconfig !== undefined) return await login(readKubeconfig(await readSecret(kubeconfig), name, context), name);
    if (cluster === undefined || eks === undefined) throw refuseEks(cluster?.name ?? '');
    return eksContext(cluster, await eks(cluster));
  }

  return async (target, signal) => {
    const name = target.kubeconfig === undefined ? `eks ${target.eks?.name}` : secretName(target.kubeconfig);
    const { context, credentials } = await logIn(target, name);
    const access = createAccess(context, credentials, name, target.impersonate);
    const { origin } = access.url;
    if (access.tls?.rejectUnauthorized === false) {
      log?.warn('The certificate of an API server is not checked: insecure-skip-tls-verify', { server: origin });
    }
    const transport = createTransport(access);
    const rest = createRest(transport, { origin, signal, ...(timeoutMs !== undefined && { timeoutMs }) });
    return createCluster(rest, { id: access.id, namespace: access.namespace, close: transport.close });
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

/** A secret's reference as sluice.yaml has it. */
function secretName(ref: SecretRef): string {
  const [[kind, value] = ['', '']] = Object.entries(ref);
  return `{ ${kind}: ${value} }`;
}
