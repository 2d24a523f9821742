import type { Connect, ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { SecretRef } from '../../domain/settings/secret-ref.ts';
import type { Log } from '../../log.ts';
import { createAccess } from './access.ts';
import { createCluster } from './cluster.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { login as inlineLogin, type Login } from './login.ts';
import { createRest } from './rest.ts';
import { createTransport } from './transport.ts';

export interface ConnectOptions {
  readonly readSecret: ReadSecret;
  /** How the kubeconfig's user logs in. By default only with what the kubeconfig holds; `createLocalLogin` reads files and runs plugins. */
  readonly login?: Login;
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
  const { readSecret, login = inlineLogin, log, timeoutMs } = options;
  return async (target, signal) => {
    if (target.kubeconfig === undefined) throw refuseEks(target.eks?.name ?? '');
    const name = secretName(target.kubeconfig);
    const read = readKubeconfig(await readSecret(target.kubeconfig), name, target.context);
    const { context, credentials } = await login(read, name);
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
  return new Failure('user', `Cannot connect to the EKS cluster "${cluster}": cluster.eks is not supported yet`, {
    code: 'Kubeconfig',
    help: 'Set cluster.kubeconfig to a kubeconfig with the token of a ServiceAccount',
  });
}

/** A secret's reference as sluice.yaml has it. */
function secretName(ref: SecretRef): string {
  const [[kind, value] = ['', '']] = Object.entries(ref);
  return `{ ${kind}: ${value} }`;
}
