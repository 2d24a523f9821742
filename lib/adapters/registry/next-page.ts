const nextLink = /<([^>]{1,4096})>\s*;[^,]*\brel="?next"?/i;

/** The page that a `Link` header names (RFC 8288), if it is one of this registry. */
export function nextPage(
  header: string | readonly string[] | undefined,
  host: string,
  path: string,
): string | undefined {
  const [, target] = nextLink.exec(Array.isArray(header) ? header.join(', ') : String(header ?? '')) ?? [];
  const base = new URL(path, `https://${host}`);
  const url = target === undefined ? null : URL.parse(target, base.href);
  return url === null || url.host !== base.host ? undefined : url.pathname + url.search;
}
