import * as z from 'zod/mini';
import { Failure } from '../../domain/failure.ts';
import { isRegistryDomain, registryOf } from '../../domain/images/image-ref.ts';

/** A user and a password that only `basic` gives away: printing a credential shows the user. */
export interface Credential {
  readonly username: string;
  /** The value of an `Authorization` header. */
  basic(): string;
}

function credential(username: string, password: string): Credential {
  return { username, basic: () => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

const Entry = z.object({
  auth: z.optional(z.string()),
  username: z.optional(z.string()),
  password: z.optional(z.string()),
});
const Entries = z.record(z.string(), Entry);
const Config = z.union([z.object({ auths: Entries }), Entries]);

const maxLength = 256 * 1024;

/**
 * The credential for a host that a secret holds: `user:password`, or a docker config (`.dockerconfigjson`, or `.dockercfg` without `auths`) that
 * has one for that host. Throws a `user` Failure that says nothing of the secret's value.
 */
export function readCredential(secret: string, host: string): Credential {
  const text = secret.trim();
  if (text.startsWith('{')) {
    const wanted = registryOf({ domain: host, path: '' });
    const entries = [...readDockerConfig(text)];
    const found = entries.find(([domain]) => registryOf({ domain, path: '' }) === wanted)?.[1];
    if (found !== undefined) return found;
    throw unusable(host, 'the docker config has no entry for it');
  }
  const found = split(text);
  if (found === undefined) throw unusable(host, 'it is neither user:password nor a docker config');
  return found;
}

function split(text: string): Credential | undefined {
  const colon = text.indexOf(':');
  return colon <= 0 ? undefined : credential(text.slice(0, colon), text.slice(colon + 1));
}

/** The credentials of a docker config by host; keys may be addresses, as `https://index.docker.io/v1/`. */
export function readDockerConfig(text: string): ReadonlyMap<string, Credential> {
  const parsed = text.length > maxLength ? undefined : z.safeParse(Config, parseJson(text)).data;
  if (parsed === undefined) throw unusable('', 'the docker config cannot be read');
  const entries = 'auths' in parsed ? (parsed.auths as z.infer<typeof Entries>) : parsed;
  const credentials = new Map<string, Credential>();
  for (const [key, entry] of Object.entries(entries)) {
    const host = hostOf(key);
    if (host === undefined) throw unusable(key, 'the key of the docker config is no host');
    const found = credentialOf(entry);
    // Entries of credential helpers have none: nothing here could run them.
    if (found !== undefined) credentials.set(host, found);
  }
  return credentials;
}

function credentialOf({ auth, username, password }: z.infer<typeof Entry>): Credential | undefined {
  if (auth !== undefined && auth !== '') return split(Buffer.from(auth, 'base64').toString('utf8'));
  return username === undefined || password === undefined ? undefined : credential(username, password);
}

/** What stands between the scheme, if there is one, and the path. */
function hostOf(key: string): string | undefined {
  const [, host = ''] = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/]*)/i.exec(key) ?? [];
  const isHost = isRegistryDomain(host) || /^[A-Za-z0-9-]+$/.test(host) || /^\[[\da-f:]+\](?::\d+)?$/i.test(host);
  return isHost ? host : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unusable(host: string, state: string): Failure {
  return new Failure('user', `Cannot use the credentials of the registry "${host}": ${state}`, {
    help: 'Set auth of registries in sluice.yaml to a secret that holds user:password or a docker config',
  });
}
