/**
 * An address that git takes and that holds no credential: https, ssh, `user@host:path`, http or file. Whether the last two are allowed
 * depends on who runs (check-settings.ts). Nothing in it can be read as a flag, and no `#`, which parts the branch in the inventory (APPLY §4).
 */
export function isRepositoryAddress(address: string): boolean {
  if (/[\s#\\\p{Cc}]/u.test(address)) return false;
  if (address.startsWith('file:///')) return true;
  if (/^[a-z0-9_][\w.-]*@[a-z0-9][\w.-]*:(?!\/\/)./i.test(address)) return true;
  const url = URL.parse(address);
  if (url === null || !/^[a-z0-9[]/i.test(url.hostname) || url.pathname.length < 2 || url.password !== '') return false;
  return url.protocol === 'ssh:' || (/^https?:$/.test(url.protocol) && url.username === '');
}
