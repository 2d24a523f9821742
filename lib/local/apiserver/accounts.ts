import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Who may log in: the name and groups that the API server sees. */
export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

export interface Account extends User {
  readonly token: string;
  /** Path of its kubeconfig. */
  readonly kubeconfig: string;
}

const administrator = 'admin';
export const controllerManager = 'system:kube-controller-manager';

/** Gives the administrator, the controllers and `users` a fresh token each, and writes the API server's token file. */
export async function writeTokens(directory: string, users: readonly User[]): Promise<readonly Account[]> {
  const all: readonly User[] = [
    { name: administrator, groups: ['system:masters'] },
    { name: controllerManager },
    ...users,
  ];
  const accounts = all.map((user) => ({
    ...user,
    token: randomBytes(24).toString('hex'),
    kubeconfig: join(directory, user.name === administrator ? 'kubeconfig' : `kubeconfig-${user.name}`),
  }));
  // https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file
  const rows = accounts.map(({ token, name, groups = [] }) => `${token},${name},${name},"${groups.join(',')}"\n`);
  await writeFile(join(directory, 'pki/tokens.csv'), rows.join(''), { mode: 0o600 });
  return accounts;
}

/** Makes the keys that sign and verify service account tokens, unless they are there: tokens then outlive a restart. */
export async function writeServiceAccountKeys(directory: string): Promise<void> {
  const file = join(directory, 'pki/sa.key');
  if (existsSync(file)) return;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await writeFile(join(directory, 'pki/sa.pub'), publicKey);
  await writeFile(file, privateKey, { mode: 0o600 });
}

/** Writes the account's kubeconfig; JSON is YAML too. `ca` is PEM text. */
export async function writeKubeconfig(account: Account, url: string, ca: string): Promise<void> {
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  const name = 'sluice-local';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name: account.name, user: { token: account.token } }],
    contexts: [{ name, context: { cluster: name, user: account.name } }],
    'current-context': name,
  };
  await writeFile(account.kubeconfig, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
