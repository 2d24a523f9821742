import { Failure } from '../../domain/failure.ts';
import { isRegistryDomain, registryOf } from '../../domain/images/image-ref.ts';
import { isPublicName } from '../../domain/images/registry-host.ts';
import type { SecretRef } from '../../domain/settings/secret-ref.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import type { Credential } from './credentials.ts';

/** What `registries` in sluice.yaml says of a host. */
export interface HostRules {
  /** As in an address: `registry.acme.io:5000`. */
  readonly host: string;
  /** Undefined where there is none. Read anew each time: secrets are not kept here. */
  credential(): Promise<Credential | undefined>;
}

/** The credential for a host, from the secret that the settings name for it if they do. */
export type CredentialOf = (host: string, auth: SecretRef | undefined) => Promise<Credential | undefined>;

/**
 * The rules for a registry that an image names. Manifests come from many hands: addresses and names that lead into our own network are only
 * asked if the settings name them. Throws a `user` Failure for others.
 */
export function rulesOf(host: string, registries: Settings['registries'], credentialOf: CredentialOf): HostRules {
  const named = registries.find((registry) => registryOf({ domain: registry.host, path: '' }) === host);
  if (named === undefined && !(isRegistryDomain(host) && isPublicName(host))) {
    throw new Failure(
      'user',
      `Cannot ask the registry "${host}": it is not a public name, and registries does not name it`,
      {
        code: 'NotAllowed',
        help: `Add { host: "${host}" } to registries in sluice.yaml if images of it are to be looked at`,
      },
    );
  }
  const auth = named?.auth;
  return {
    host,
    credential: () => credentialOf(host, auth),
  };
}

/** What the settings say of a host, if they name it. */
export type NamedHost = (host: string) => { readonly insecure: boolean } | undefined;

/**
 * Whether a registry may send us to an address, for a token or a blob: over https to a public name or a host that the settings name, in plain
 * HTTP only to one that they name as insecure; never with credentials in it.
 */
export function mayVisit(url: URL, named: NamedHost): boolean {
  if (url.username !== '' || url.password !== '') return false;
  const rule = named(url.host);
  if (url.protocol === 'http:') return rule?.insecure === true;
  return url.protocol === 'https:' && (rule !== undefined || isPublicName(url.host));
}
