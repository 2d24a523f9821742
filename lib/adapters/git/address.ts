import { Failure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';

/** Where a repository is, checked against what may be reached (DESIGN §4, §5.1). */
export interface Address {
  readonly protocol: 'https' | 'http' | 'ssh' | 'file';
  /** As git takes it. */
  readonly url: string;
  /** `https://host[:port]` as written, for http and https: the server that credentials are for. */
  readonly server: string;
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/**
 * The address in `url`: https, ssh (also as `user@host:path`), http on loopback; http elsewhere and file with `allowLocal`.
 * Throws a `user` Failure for any other, and for one with credentials in it.
 */
export function parseAddress(url: string, allowLocal: boolean): Address {
  const [, protocol, authority] = /^(https?|ssh|file):\/\/([^/]*)/.exec(url) ?? [];
  if (protocol === undefined) {
    if (/^[^/:@-][^/:@]*@[^/:@-][^/:@]*:/.test(url)) return { protocol: 'ssh', url, server: '' };
    throw refused(url, 'it is neither https:// nor ssh:// nor user@host:path');
  }
  if (protocol === 'ssh') {
    if (/:[^/@]*@/.test(authority ?? '')) throw refused(url, 'it holds a password', 'Use a key: auth: { sshKey: … }');
    return { protocol: 'ssh', url, server: '' };
  }
  if (protocol === 'file') {
    if (!allowLocal) throw refused(url, 'file:// is for local runs only');
    return { protocol: 'file', url, server: '' };
  }
  if (authority?.includes('@')) throw refused(url, 'it holds credentials', 'Put them into auth: { token: … }');
  const host = authority?.replace(/:\d+$/, '') ?? '';
  if (protocol === 'http' && !allowLocal && !loopback.test(host))
    throw refused(url, 'http:// is for loopback and local runs only', 'Use https');
  return { protocol: protocol === 'http' ? 'http' : 'https', url, server: `${protocol}://${authority}` };
}

/**
 * The address at which the credential is of use. A token for a repository that is read over SSH writes over https, where forges have the same
 * path.
 */
export function addressFor({ url, auth }: Pick<Source, 'url' | 'auth'>): string {
  if (auth === undefined || 'sshKey' in auth) return url;
  const [, host, path] =
    /^ssh:\/\/(?:[^/@]*@)?([\w.-]+)(?::\d+)?\/+(.+)$/.exec(url) ?? /^[^/:@]+@([\w.-]+):\/*(.+)$/.exec(url) ?? [];
  return host === undefined ? url : `https://${host}/${path}`;
}

/** `text` with what stands before the @ of an address taken out, unless it is only a user name of ssh. */
export function withoutCredentials(text: string): string {
  return text
    .replace(/(\b(?!ssh:)[a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]*@/gi, '$1')
    .replace(/(\bssh:\/\/[^\s/:@'"]*):[^\s/@'"]*@/gi, '$1@');
}

function refused(url: string, state: string, help?: string): Failure {
  return new Failure('user', `Cannot use the repository "${withoutCredentials(url)}": ${state}`, help ? { help } : {});
}
