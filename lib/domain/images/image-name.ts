/**
 * The canonical name of an image repository, `host[:port]/path`: `nginx` is `docker.io/library/nginx`. For comparing what an event names with
 * what a manifest names; a tag or digest is not part of it. Undefined if the text is no name (the grammar of
 * github.com/distribution/reference, letter case aside: GHCR writes owners as their people do, and images only in lower case).
 */
export function imageName(text: string): string | undefined {
  const [first = '', ...rest] = text.toLowerCase().split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const host = hasHost ? (dockerHubHosts.has(first) ? dockerHub : first) : dockerHub;
  const path = hasHost ? rest : [first, ...rest];
  if (host === dockerHub && path.length === 1) path.unshift('library');
  const name = `${host}/${path.join('/')}`;
  if (name.length > longestName || !hostPattern.test(host)) return undefined;
  return path.every((component) => componentPattern.test(component)) ? name : undefined;
}

const dockerHub = 'docker.io';
const dockerHubHosts: ReadonlySet<string> = new Set([
  dockerHub,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

const longestName = 255;
const hostPattern =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
