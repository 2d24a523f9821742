import * as z from 'zod/mini';
import type { Guide } from './guide.ts';
import { singleValue } from './headers.ts';
import { imageChanges, type Pushed } from './image-changes.ts';
import type { Headers, ReadBody, Reading, Sender, Trust, WebhookRequest } from './sender.ts';
import { hmacHex, isSecretHeader, isSigned } from './signature.ts';

/**
 * CDEvents (cdevents.dev) over CloudEvents, of which a published artifact that is an image counts (facts/webhooks.md §2.10). They have no proof of
 * their own: a secret that begins with `Bearer ` is the whole `Authorization`, any other signs the body as `generic` does.
 */
export const cdevents: Sender = { proof: 'X-Signature or Authorization', verify, event };

function verify({ headers, body }: WebhookRequest, { secrets }: Trust): boolean {
  const bearers = secrets.filter((secret) => secret.startsWith('Bearer '));
  const keys = secrets.filter((secret) => !secret.startsWith('Bearer '));
  return (
    isSecretHeader(headers, 'authorization', bearers) ||
    isSigned(body, singleValue(headers, 'x-signature'), keys, ['sha256'])
  );
}

/** In binary mode `Ce-Type` names the event; a structured one holds it as `data`. */
function event(headers: Headers): ReadBody | undefined {
  if (headers['ce-type'] === undefined) return readStructured;
  return isPublished(singleValue(headers, 'ce-type')) ? readEvent : undefined;
}

/** `dev.cdevents.artifact.published.0.2.0`, `cd.artifact.published.v1`: versions add fields. */
function isPublished(type: string | undefined): boolean {
  return /^(dev\.cdevents|cd)\.artifact\.published(\.|$)/.test(type ?? '');
}

const Named = z.object({ type: z.string() });

function readStructured(body: unknown): Reading {
  return isPublished(Named.parse(body).type) ? readingOf(Structured.parse(body).data) : { changes: [] };
}

const Published = z.object({ context: z.object({ id: z.string() }), subject: z.object({ id: z.string() }) });

const Structured = z.object({ data: Published });

function readEvent(body: unknown): Reading {
  return readingOf(Published.parse(body));
}

function readingOf({ context, subject }: z.infer<typeof Published>): Reading {
  const pushed = imageOfPurl(subject.id);
  return { changes: pushed ? imageChanges(pushed) : [], id: context.id };
}

/**
 * The image that a package URL names: `pkg:oci/shop@sha256%3A…?repository_url=registry.acme.io/shop&tag=1.2`, where the repository is whole, or
 * `pkg:docker/acme/shop@1.2?repository_url=registry.acme.io`, where it is the host alone (github.com/package-url/purl-spec).
 */
function imageOfPurl(purl: string): Pushed | undefined {
  const [, type, name = '', version = '', query] =
    /^pkg:(oci|docker)\/([^@?#]+)(?:@([^?#]*))?(?:\?([^#]*))?/.exec(purl) ?? [];
  if (type === undefined) return undefined;
  const qualifiers = new URLSearchParams(query);
  const repository = qualifiers.get('repository_url')?.replace(/^https?:\/\//, '');
  const image = type === 'oci' ? (repository ?? '') : `${repository ?? 'docker.io'}/${decode(name)}`;
  const found = decode(version);
  const isDigest = found.includes(':');
  return { image, tag: qualifiers.get('tag') ?? (isDigest ? undefined : found), digest: isDigest ? found : undefined };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const cdeventsGuide: Guide = {
  product: 'CDEvents',
  brings: 'images',
  settings: '{ id: acme-pipeline, sender: cdevents, secret: { env: CDEVENTS_SECRET } } # or the whole "Bearer …"',
  where: 'the sink of the pipeline or broker that emits them',
  fields: [
    ['URL', '$URL'],
    [
      'Header',
      'X-Signature: sha256=<hexadecimal HMAC-SHA256 of the body with $SECRET>; of a secret that begins with "Bearer ": Authorization: $SECRET',
    ],
  ],
  events: [
    'dev.cdevents.artifact.published, with the image as a package URL (pkg:oci or pkg:docker) as the id of its subject',
  ],
  proof: '`X-Signature`, HMAC-SHA256 over the raw body; or `Authorization`, if the secret begins with "Bearer "',
  notes: [
    'Binary mode (`Ce-Type`) and structured mode of CloudEvents are read.',
    'A package URL says where the image is: pkg:oci/web@sha256%3A…?repository_url=registry.acme.io/shop/web&tag=1.2.3.',
  ],
  sample({ secret, image, tag, now }) {
    const name = image.slice(image.lastIndexOf('/') + 1);
    const body = JSON.stringify({
      context: { id: `sluice-${now}` },
      subject: { id: `pkg:oci/${name}?repository_url=${image}&tag=${tag}` },
    });
    const proof = secret.startsWith('Bearer ')
      ? { authorization: secret }
      : { 'x-signature': `sha256=${hmacHex('sha256', secret, body)}` };
    const type = 'dev.cdevents.artifact.published.0.2.0';
    return { headers: { 'content-type': 'application/json', 'ce-type': type, ...proof }, body };
  },
};
