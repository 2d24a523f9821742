import { type Credentials, decode } from './access.ts';
import { type KubeContext, refuse } from './kubeconfig.ts';

/** Turns what a kubeconfig says of its user into credentials; the context comes back with the files that it named read into it. */
export type Login = (from: KubeContext, name: string) => Promise<LoggedIn>;

export interface LoggedIn {
  readonly context: KubeContext;
  readonly credentials: Credentials;
}

const portable = 'Use a kubeconfig with certificate-authority-data and the token of a ServiceAccount';

/**
 * Takes what the kubeconfig holds itself. Throws a `user` Failure about what would run a program or read a file of this machine:
 * a kubeconfig is a secret that somebody else may have written (DESIGN §5.1).
 */
export async function login(context: KubeContext, name: string): Promise<LoggedIn> {
  const { cluster, user, userName } = context;
  if (user.exec) throw refuse(name, `user "${userName}" logs in by an exec plugin, which is not run`, portable);
  if (user['auth-provider']) {
    throw refuse(name, `user "${userName}" logs in by an auth-provider, which is not run`, portable);
  }
  const file = (['tokenFile', 'client-certificate', 'client-key'] as const).find((key) => user[key]);
  if (file !== undefined) {
    throw refuse(name, `user "${userName}" has a ${file}, the path of a file that is not read`, portable);
  }
  if (cluster['certificate-authority']) {
    const found = `the cluster of context "${context.context}" has a certificate-authority, the path of a file that is not read`;
    throw refuse(name, found, portable);
  }
  return { context, credentials: inlineCredentials(context) };
}

/** What the user entry holds in itself; a token wins over a password, as in kubectl. */
export function inlineCredentials({ user }: KubeContext): Credentials {
  const certificate = user['client-certificate-data'];
  const key = user['client-key-data'];
  return {
    ...authorizationOf(user),
    ...(certificate && { certificate: decode(certificate) }),
    ...(key && { key: decode(key) }),
  };
}

function authorizationOf({ token, username, password }: KubeContext['user']): Pick<Credentials, 'authorization'> {
  if (token) return { authorization: `Bearer ${token.trim()}` };
  if (!username) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}
