import { createHash } from 'node:crypto';
import * as z from 'zod/mini';

/** Manifests of one image, and lists of such by platform, as Docker and OCI name them (image-spec, "Media types"). */
const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const listTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

export const acceptManifests = [...listTypes, ...manifestTypes].join(', ');

const Descriptor = z.object({
  digest: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
  platform: z.optional(z.object({ os: z.string(), architecture: z.string() })),
});
type Descriptor = z.infer<typeof Descriptor>;

const Manifest = z.object({ mediaType: z.optional(z.string()), config: Descriptor });
const List = z.object({ mediaType: z.optional(z.string()), manifests: z.array(Descriptor) });

export type ParsedManifest =
  | { readonly kind: 'image'; readonly config: string }
  | { readonly kind: 'list'; readonly manifests: readonly Descriptor[] }
  /** Docker's schema 1, signatures, and whatever else a registry may hold. */
  | { readonly kind: 'other' };

/** Undefined for what is no JSON object. */
export function parseManifest(body: Buffer, contentType: string | undefined): ParsedManifest | undefined {
  const json = parseObject(body);
  if (json === undefined) return undefined;
  const type = (contentType ?? '').split(';')[0]?.trim() ?? '';
  const list = z.safeParse(List, json);
  if (list.success && !manifestTypes.includes(type)) return { kind: 'list', manifests: list.data.manifests };
  const manifest = z.safeParse(Manifest, json);
  return manifest.success ? { kind: 'image', config: manifest.data.config.digest } : { kind: 'other' };
}

const labels = z.record(z.string(), z.string());

const Config = z.object({
  created: z.nullish(z.string()),
  config: z.nullish(z.object({ Labels: z.nullish(labels) })),
  container_config: z.nullish(z.object({ Labels: z.nullish(labels) })),
});

export interface ParsedConfig {
  readonly created?: string;
  readonly labels: Readonly<Record<string, string>>;
}

const maxLabels = 100;

/** The config of an image (image-spec, "Image JSON description"); fields that are not as they have to be count as absent. */
export function parseConfig(body: Buffer): ParsedConfig | undefined {
  const json = parseObject(body);
  if (json === undefined) return undefined;
  const { created, config, container_config: built } = z.safeParse(Config, json).data ?? {};
  const found = Object.entries({ ...built?.Labels, ...config?.Labels }).slice(0, maxLabels);
  const text = created ?? (typeof json.created === 'string' ? json.created : undefined);
  return { ...(text != null && { created: text }), labels: Object.fromEntries(found) };
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** `sha256:` and the hash of the bytes as they came. */
export function digestOfBytes(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}
