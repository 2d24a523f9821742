import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import { describeSecret } from '../../domain/settings/describe-secret.ts';
import type { SecretRef } from '../../domain/settings/secret-ref.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { type Address, withoutCredentials } from './address.ts';
import type { GithubApps } from './github-app.ts';
import { knownHosts } from './known-hosts.ts';

/** What git needs to speak with one server; the secrets are in files, 0600, of the directory that was given. */
export interface Credentials {
  readonly environment: Readonly<Record<string, string>>;
  /** The reference of the secret, for messages; undefined without credentials. */
  readonly reference: string | undefined;
}

export interface CredentialSources {
  readonly readSecret: ReadSecret;
  readonly githubApps: GithubApps;
}

/** Answers git's questions about the one server, so that a redirect elsewhere gets nothing. A shell is all that it needs. */
const askpass = `#!/bin/sh
case "$1" in
  "Username for '$SLUICE_GIT_SERVER'"*) file=username ;;
  "Password for '\${SLUICE_GIT_SERVER%%://*}://"*"@\${SLUICE_GIT_SERVER#*://}'"*) file=password ;;
  *) exit 1 ;;
esac
IFS= read -r answer <"\${0%/*}/$file" && printf '%s\\n' "$answer"
`;

/** Writes the credentials of a source into `directory`, which it makes (0700). Throws a `user` Failure if they do not fit the address. */
export async function prepareCredentials(
  address: Address,
  auth: Source['auth'],
  directory: string,
  sources: CredentialSources,
): Promise<Credentials> {
  await mkdir(directory, { mode: 0o700 });
  const allowed = { GIT_ALLOW_PROTOCOL: address.protocol === 'http' ? 'http:https' : address.protocol };
  if (address.protocol === 'file') return { environment: allowed, reference: undefined };
  if (address.protocol === 'ssh') {
    if (auth !== undefined && !('sshKey' in auth)) throw unfit(address, 'an SSH address takes auth: { sshKey: … }');
    const ssh = await sshCommand(directory, auth, sources.readSecret);
    return {
      environment: { ...allowed, GIT_SSH_COMMAND: ssh, GIT_SSH_VARIANT: 'ssh' },
      reference: auth && describeSecret(auth.sshKey),
    };
  }
  if (auth === undefined) return { environment: allowed, reference: undefined };
  if ('sshKey' in auth) throw unfit(address, 'an SSH key goes with an ssh:// or user@host:path address');

  const reference = describeSecret('token' in auth ? auth.token : auth.githubApp.privateKey);
  const password =
    'token' in auth
      ? (await sources.readSecret(auth.token)).trim()
      : await sources.githubApps.token(address, auth.githubApp);
  if (password === '' || /[\r\n\0]/.test(password))
    throw unfit(address, `the secret ${reference} is not one line of text`);
  const username = 'token' in auth ? (auth.username ?? 'x-access-token') : 'x-access-token';
  await writeFile(join(directory, 'username'), `${username}\n`, { mode: 0o600 });
  await writeFile(join(directory, 'password'), `${password}\n`, { mode: 0o600 });
  await writeFile(join(directory, 'askpass'), askpass, { mode: 0o700 });
  return {
    environment: { ...allowed, GIT_ASKPASS: join(directory, 'askpass'), SLUICE_GIT_SERVER: address.server },
    reference,
  };
}

async function sshCommand(
  directory: string,
  auth: { readonly sshKey: SecretRef; readonly knownHosts?: string | undefined } | undefined,
  readSecret: ReadSecret,
): Promise<string> {
  const hosts = join(directory, 'known_hosts');
  await writeFile(hosts, `${(auth?.knownHosts ?? knownHosts).trim()}\n`, { mode: 0o600 });
  const identity: string[] = [];
  if (auth !== undefined) {
    const key = join(directory, 'key');
    // OpenSSH takes neither a key without its last line break nor one with carriage returns.
    const text = (await readSecret(auth.sshKey)).replaceAll('\r\n', '\n').trim();
    await writeFile(key, `${text}\n`, { mode: 0o600 });
    identity.push('-i', quote(key));
  }
  const options = [
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `UserKnownHostsFile="${hosts}"`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'BatchMode=yes',
    'PreferredAuthentications=publickey',
    'ConnectTimeout=15',
    'ServerAliveInterval=10',
    'ServerAliveCountMax=3',
  ];
  return ['ssh', '-F', '/dev/null', ...identity, ...options.flatMap((option) => ['-o', quote(option)])].join(' ');
}

/** For /bin/sh, which reads GIT_SSH_COMMAND. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function unfit(address: Address, state: string): Failure {
  return new Failure('user', `Cannot use the credentials of "${withoutCredentials(address.url)}": ${state}`);
}
