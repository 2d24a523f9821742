import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Credentials } from './access.ts';
import type { ClusterEntry, KubeContext, UserEntry } from './kubeconfig.ts';
import { refuse } from './kubeconfig.ts';
import { inlineCredentials, type Login } from './login.ts';

/**
 * The login of the person at this machine, for `sluice plan --kubeconfig`: reads the files that the kubeconfig names, relative to its
 * `directory`, and runs its exec plugin or auth-provider as kubectl would. Throws a `user` Failure with what the plugin says.
 */
export function createLocalLogin(directory: string): Login {
  return async (from, name) => {
    const context = await readFiles(from, name, directory);
    return { context, credentials: { ...inlineCredentials(context), ...(await pluginCredentials(context, name)) } };
  };
}

async function readFiles(from: KubeContext, name: string, directory: string): Promise<KubeContext> {
  async function read(path: string | null | undefined, key: string): Promise<Buffer | undefined> {
    if (!path) return undefined;
    try {
      return await readFile(resolve(directory, path));
    } catch (cause) {
      throw refuse(name, `its ${key} "${path}" cannot be read (${(cause as NodeJS.ErrnoException).code})`);
    }
  }
  const authority = await read(from.cluster['certificate-authority'], 'certificate-authority');
  const certificate = await read(from.user['client-certificate'], 'client-certificate');
  const key = await read(from.user['client-key'], 'client-key');
  const token = await read(from.user.tokenFile, 'tokenFile');
  const cluster: ClusterEntry = {
    ...from.cluster,
    ...(authority && { 'certificate-authority-data': authority.toString('base64') }),
  };
  const user: UserEntry = {
    ...from.user,
    ...(certificate && { 'client-certificate-data': certificate.toString('base64') }),
    ...(key && { 'client-key-data': key.toString('base64') }),
    ...(token && { token: token.toString() }),
  };
  return { ...from, cluster, user };
}

async function pluginCredentials({ cluster, user, userName }: KubeContext, name: string): Promise<Credentials> {
  if (!user.exec && !user['auth-provider']) return {};
  // Only here: it takes 100 ms to load, and no Lambda function needs it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'cluster', server: cluster.server, skipTLSVerify: true },
    { name: 'user', exec: user.exec && withExecInfo(user.exec, cluster), authProvider: user['auth-provider'] },
  );
  const options: Parameters<typeof config.applyToHTTPSOptions>[0] = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    const said = (cause instanceof Error ? cause.message : String(cause)).trim().slice(0, 500);
    throw refuse(name, `the plugin of user "${userName}" failed: ${said}`);
  }
  const authorization = options.headers?.Authorization;
  return {
    ...(authorization !== undefined && { authorization: String(authorization) }),
    ...(options.cert && { certificate: String(options.cert) }),
    ...(options.key && { key: String(options.key) }),
  };
}

/** Plugins want to be told what they log in to (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins). */
function withExecInfo(exec: NonNullable<UserEntry['exec']>, cluster: ClusterEntry): Record<string, unknown> {
  const known = {
    server: cluster.server,
    'certificate-authority-data': cluster['certificate-authority-data'] ?? undefined,
  };
  const spec = {
    interactive: process.stdin.isTTY === true,
    ...(exec.provideClusterInfo === true && { cluster: known }),
  };
  const info = JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec });
  const env = Array.isArray(exec.env) ? exec.env : [];
  return { ...exec, env: [...env, { name: 'KUBERNETES_EXEC_INFO', value: info }] };
}
