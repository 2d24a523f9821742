/** Where symbolic links lead: path of the link → its target, both as git has them. */
export type Links = ReadonlyMap<string, string>;

const maxFollowed = 40;

/**
 * The path that `path` leads to when every link on the way is followed, as the kernel does (path_resolution(7)); both relative to the
 * checkout, '' for its root. Undefined if it leaves the checkout or follows more than 40 links.
 */
export function resolvePath(path: string, links: Links): string | undefined {
  const ahead = path.split('/').reverse();
  let at: string[] = [];
  for (let followed = 0; ; ) {
    const part = ahead.pop();
    if (part === undefined) return at.join('/');
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (at.length === 0) return undefined;
      at = at.slice(0, -1);
      continue;
    }
    const target = links.get([...at, part].join('/'));
    if (target === undefined) {
      at.push(part);
      continue;
    }
    followed++;
    if (target.startsWith('/') || followed > maxFollowed) return undefined;
    ahead.push(...target.split('/').reverse());
  }
}
