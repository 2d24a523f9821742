import { createHash, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type KubeContext, refuse, type UserEntry } from './kubeconfig.ts';

/** How one account reaches one API server: what every request of a connection has in common. */
export interface Access {
  readonly url: URL;
  /** Authorization and impersonation. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** The namespace of the context. */
  readonly namespace: string;
  /** The same for the same server and account, however its credentials are renewed. */
  readonly id: string;
  /** Absent for http, which is for loopback alone. */
  readonly tls?: TlsAccess;
  /** An http or https proxy. */
  readonly proxy?: string;
}

export interface TlsAccess {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
  /** Overrides the name that the certificate is checked for. */
  readonly servername?: string;
}

/** Credentials as a kubeconfig holds them or a plugin prints them; certificates and keys in PEM. */
export interface Credentials {
  readonly authorization?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Who logs in, where what is sent does not tell and changes each time. */
  readonly account?: string;
}

/**
 * Checks everything that can be checked without a request. `impersonate` replaces the kubeconfig's own `as`.
 * Throws a `user` Failure about the kubeconfig that messages call `name`.
 */
export function createAccess(from: KubeContext, credentials: Credentials, name: string, impersonate?: string): Access {
  const url = readServer(from, name);
  const proxy = readProxy(from, name);
  const impersonation = impersonate === undefined ? impersonationOf(from.user) : { 'impersonate-user': impersonate };
  if (credentials.certificate !== undefined) checkCertificate(credentials.certificate, from.userName, name);
  const account = accountOf(credentials);
  const { authorization } = credentials;
  const headers = { ...(authorization !== undefined && { authorization }), ...impersonation };
  for (const [header, value] of Object.entries(headers)) {
    if (/[^\x20-\x7e]/.test(String(value))) {
      throw refuse(
        name,
        `user "${from.userName}" has a line break or another character that the header ${header} cannot hold`,
      );
    }
  }
  return {
    url,
    headers,
    namespace: from.namespace,
    id: digest(JSON.stringify([url.href, account, impersonation])).slice(0, 32),
    ...(url.protocol === 'https:' && { tls: readTls(from, credentials, name) }),
    ...(proxy !== undefined && { proxy }),
  };
}

function readServer({ cluster, context }: KubeContext, name: string): URL {
  if (!URL.canParse(cluster.server)) throw refuse(name, `the server of context "${context}" is not a URL`);
  const url = new URL(cluster.server);
  if (url.username !== '' || url.password !== '') {
    throw refuse(name, `the server of context "${context}" is a URL with credentials`, 'Put them into the user entry');
  }
  if (url.protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) {
    throw refuse(name, `the server "${url.origin}" is not https`, 'Plain http is for a server on loopback');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refuse(name, `the server of context "${context}" is neither https nor http`);
  }
  return url;
}

function readProxy({ cluster, context }: KubeContext, name: string): string | undefined {
  const proxy = cluster['proxy-url'] || undefined;
  if (proxy === undefined || /^https?:\/\//.test(proxy)) return proxy;
  throw refuse(name, `the proxy-url of context "${context}" is not http or https`, 'A SOCKS proxy is not supported');
}

function readTls(from: KubeContext, { certificate, key }: Credentials, name: string): TlsAccess {
  const { cluster, userName } = from;
  const insecure = cluster['insecure-skip-tls-verify'] === true;
  const authority = cluster['certificate-authority-data'];
  if (insecure && authority) {
    throw refuse(
      name,
      `the cluster of context "${from.context}" has both insecure-skip-tls-verify and certificate-authority-data`,
      'Remove one of them',
    );
  }
  if (certificate !== undefined && key === undefined) {
    throw refuse(name, `user "${userName}" has a client certificate and no client-key-data`);
  }
  const servername = cluster['tls-server-name'];
  return {
    secureContext: secureContext(from, authority ? decode(authority) : undefined, certificate, key, name),
    rejectUnauthorized: !insecure,
    ...(servername && { servername }),
  };
}

function checkCertificate(pem: string, userName: string, name: string): void {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw refuse(name, `the client certificate of user "${userName}" is not base64 of a PEM certificate`);
  }
  if (certificate.validToDate.getTime() > Date.now()) return;
  const since = certificate.validToDate.toISOString();
  throw refuse(
    name,
    `the client certificate of user "${userName}" expired at ${since}`,
    'Issue a new one, or use the token of a ServiceAccount',
  );
}

function secureContext(
  { userName }: KubeContext,
  ca: string | undefined,
  cert: string | undefined,
  key: string | undefined,
  name: string,
): SecureContext {
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw refuse(name, 'certificate-authority-data is not base64 of PEM certificates');
  }
  try {
    return createSecureContext({ ca, cert, key });
  } catch {
    const found =
      cert === undefined
        ? 'certificate-authority-data cannot be read'
        : `the client certificate and the key of user "${userName}" do not belong together, or the key cannot be read`;
    throw refuse(name, found);
  }
}

/** Headers of https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonationOf(user: UserEntry): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  if (user.as) headers['impersonate-user'] = user.as;
  if (user['as-uid']) headers['impersonate-uid'] = user['as-uid'];
  if (user['as-groups']) headers['impersonate-group'] = user['as-groups'];
  for (const [key, values] of Object.entries(user['as-user-extra'] ?? {})) {
    headers[`impersonate-extra-${encodeURIComponent(key.toWellFormed())}`] = values;
  }
  return headers;
}

/** Who logs in, in words that stay when a token or certificate is renewed; a digest where only the secret tells. */
function accountOf({ authorization, certificate, account }: Credentials): string {
  if (account !== undefined) return account;
  if (authorization !== undefined) return subjectOf(authorization) ?? digest(authorization);
  return certificate === undefined ? '' : new X509Certificate(certificate).subject;
}

/** The issuer and subject of a bearer token that is a JWT (RFC 7519), as those of ServiceAccounts are. Not verified: it names a cache. */
function subjectOf(authorization: string): string | undefined {
  const claims = /^Bearer [^.]+\.([^.]+)\.[^.]+$/.exec(authorization)?.[1];
  if (claims === undefined) return undefined;
  try {
    const { iss, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss?: unknown; sub?: unknown };
    return typeof sub === 'string' ? `${iss} ${sub}` : undefined;
  } catch {
    return undefined;
  }
}

function digest(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

export function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}
