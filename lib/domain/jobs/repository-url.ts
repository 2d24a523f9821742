/**
 * Whether two clone addresses name one repository, as Flux v1 compares them: scheme, user, a final `.git` and slashes do not count, and
 * `git@host:path` is `ssh://git@host/path`. Port and letter case do not count either: a forge has another port for ssh than for
 * https, and the big ones take a path in any case. For choosing what an event concerns, never as an identity: a wrong "same" costs one
 * needless sync, a wrong "different" loses a push. Text that is no address is the same as nothing.
 */
export function sameRepository(a: string, b: string): boolean {
  const location = repositoryLocation(a);
  return location !== undefined && location === repositoryLocation(b);
}

/** `host/path` of a clone address, in lower case: the same for all addresses of one repository. Undefined if it is no address. */
export function repositoryLocation(address: string): string | undefined {
  const url = URL.parse(scpAsUrl(address.trim()));
  if (url === null) return undefined;
  const path = decode(url.pathname)
    .replace(/^\/+|\/+$/g, '')
    .replace(/\.git$/i, '')
    .replace(/\/+$/, '');
  return path === '' ? undefined : `${url.hostname}/${path}`.toLowerCase();
}

/** git's short form `[user@]host:path` (git-clone(1), "GIT URLS") as an ssh address. */
function scpAsUrl(address: string): string {
  const [, host, path] = /^(?:[^@/:]+@)?([^@/:[\]]+|\[[^\]/]+\]):(?!\/\/)(.+)$/.exec(address) ?? [];
  return host === undefined || path === undefined ? address : `ssh://${host}/${path}`;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
