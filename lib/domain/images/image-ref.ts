import { Failure } from '../failure.ts';

/** An image repository as it was written: `nginx`, `acme/shop`, `registry.example:5000/team/shop`. */
export interface ImageName {
  /** The registry's host, and its port; absent where Docker Hub is implied. */
  readonly domain?: string;
  readonly path: string;
}

/** A reference as it was written; nothing is normalised, so that what is written back keeps its form. */
export interface ImageRef extends ImageName {
  readonly tag?: string;
  /** `sha256:` and hex digits. */
  readonly digest?: string;
}

const dockerHub = 'index.docker.io';

/** Other names that people write for Docker Hub. */
const dockerHubNames: ReadonlySet<string> = new Set([dockerHub, 'docker.io', 'registry-1.docker.io']);

/** Longer texts are no image references (a path of 255 characters, a tag of 128, a digest); they are not even parsed. */
const maxLength = 1000;

const domainComponent = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domain = new RegExp(
  `^(?:localhost(?::\\d+)?|${domainComponent}(?:\\.${domainComponent})+(?::\\d+)?|${domainComponent}:\\d+)$`,
);

/** Whether the first part of a reference is a host: it has a dot or a port, or is `localhost` (the rule of Docker's reference grammar). */
export function isRegistryDomain(text: string): boolean {
  return domain.test(text);
}

/**
 * Reads a reference as Flux v1 does (facts/flux-v1.md §2; cases/image_ref_parsing.json): of three or more parts the first is the domain,
 * of two it is if it looks like a host. Whether the registry would take name and tag is not asked here. Throws a `user` Failure.
 */
export function parseImageRef(text: string): ImageRef {
  if (text === '') throw malformed(text, 'it is empty');
  if (text.length > maxLength) throw malformed(`${text.slice(0, 40)}…`, `it has ${text.length} characters`);
  if (text.startsWith('/') || text.endsWith('/')) throw malformed(text, 'it begins or ends with a slash');
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isDomain = slash > 0 && (text.indexOf('/', slash + 1) > 0 || isRegistryDomain(first));
  const [named = '', hex] = splitOnce(isDomain ? text.slice(slash + 1) : text, '@sha256:');
  const [path = '', tag, ...more] = named.split(':');
  if (path === '' || tag === '' || hex === '' || more.length > 0) {
    throw malformed(text, 'it is neither name, name:tag nor name@sha256:digest');
  }
  return {
    ...(isDomain && { domain: first }),
    path,
    ...(tag !== undefined && { tag }),
    ...(hex !== undefined && { digest: `sha256:${hex}` }),
  };
}

/** Undefined for what is no reference. */
export function tryParseImageRef(text: string): ImageRef | undefined {
  try {
    return parseImageRef(text);
  } catch {
    return undefined;
  }
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function malformed(text: string, state: string): Failure {
  return new Failure('user', `Cannot read the image "${text}": ${state}`, {
    help: 'Write it as name:tag, for example registry.example/team/app:1.2.0',
  });
}

export function formatImageName({ domain, path }: ImageName): string {
  return domain === undefined ? path : `${domain}/${path}`;
}

/** The reference as text, in the form it was written. */
export function formatImageRef(ref: ImageRef): string {
  const tag = ref.tag === undefined ? '' : `:${ref.tag}`;
  const digest = ref.digest === undefined ? '' : `@${ref.digest}`;
  return `${formatImageName(ref)}${tag}${digest}`;
}

/** The registry's host with nothing left to convention: `index.docker.io` where none is written. */
export function registryOf({ domain }: ImageName): string {
  return domain === undefined || dockerHubNames.has(domain) ? dockerHub : domain;
}

/** The path within the registry with nothing left to convention: `library/alpine` for `alpine`. */
export function repositoryOf(name: ImageName): string {
  return registryOf(name) === dockerHub && !name.path.includes('/') ? `library/${name.path}` : name.path;
}

/** The same text for every way to write one image repository: `index.docker.io/library/alpine`. Without tag and digest. */
export function canonicalName(name: ImageName): string {
  return `${registryOf(name)}/${repositoryOf(name)}`;
}

/** Name and tag with nothing left to convention; a digest is dropped, as Flux v1 does. */
export function canonicalRef(ref: ImageRef): string {
  return ref.tag === undefined ? canonicalName(ref) : `${canonicalName(ref)}:${ref.tag}`;
}

export function sameRepository(a: ImageName, b: ImageName): boolean {
  return canonicalName(a) === canonicalName(b);
}
