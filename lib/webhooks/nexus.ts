import * as z from 'zod/mini';
import { Failure } from '../domain/failure.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import type { Guide } from './guide.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import { imageChanges } from './image-changes.ts';
import type { ReadBody, Reading, Sender } from './sender.ts';
import { hmacHex, isSignedBare } from './signature.ts';

/** Sonatype Nexus 3 (facts/webhooks.md §2.9), which signs with SHA-1 and nothing better, and does not say its own name. */
export const nexus: Sender = {
  proof: 'X-Nexus-Webhook-Signature',
  verify: ({ headers, body }, { secrets }) =>
    isSignedBare(body, singleValue(headers, 'x-nexus-webhook-signature'), secrets, 'sha1'),
  deliveryId: (headers) => deliveryIdIn(headers, 'x-nexus-webhook-delivery'),
  event: (headers) => events.get(singleValue(headers, 'x-nexus-webhook-id') ?? ''),
};

const events: ReadonlyMap<string, ReadBody> = new Map([
  ['rm:repository:component', readComponent],
  ['rm:repository:asset', readAsset],
]);

const action = z.string();
const ComponentEvent = z.object({
  action,
  component: z.object({ format: z.string(), name: z.string(), version: z.nullish(z.string()) }),
});

function readComponent(body: unknown, webhook: WebhookSettings): Reading {
  const { action, component } = ComponentEvent.parse(body);
  if (!isPush(action, component.format)) return { changes: [] };
  return { changes: imageChanges({ image: imageAt(webhook, component.name), tag: component.version }) };
}

const AssetEvent = z.object({ action, asset: z.object({ format: z.string(), name: z.string() }) });

/** Layers are assets too: of an image only the manifest has a tag, in its path. */
function readAsset(body: unknown, webhook: WebhookSettings): Reading {
  const { action, asset } = AssetEvent.parse(body);
  const [, name, tag] = /^\/?v2\/(.+)\/manifests\/([^/]+)$/.exec(asset.name) ?? [];
  if (name === undefined || !isPush(action, asset.format)) return { changes: [] };
  return { changes: imageChanges({ image: imageAt(webhook, name), tag }) };
}

function imageAt({ registry }: WebhookSettings, name: string): string {
  if (registry !== undefined) return `${registry}/${name}`;
  throw new Failure('user', 'Cannot read the delivery: Nexus does not say where its images are', {
    help: 'Set registry of this webhook in sluice.yaml to what the names of its images begin with, such as nexus.acme.io:5000',
  });
}

function isPush(action: string, format: string): boolean {
  return format === 'docker' && (action === 'CREATED' || action === 'UPDATED');
}

export const nexusGuide: Guide = {
  product: 'Sonatype Nexus Repository 3',
  brings: 'images',
  settings: '{ id: acme-nexus, sender: nexus, secret: { env: NEXUS_WEBHOOK_SECRET }, registry: "nexus.acme.io:5000" }',
  where: 'Administration → System → Capabilities → Create capability → Webhook: Repository',
  fields: [
    ['Repository', 'the docker repository'],
    ['URL', '$URL'],
    ['Secret Key', '$SECRET'],
  ],
  events: ['Component'],
  proof: '`X-Nexus-Webhook-Signature`, HMAC-SHA1 over the raw body: Nexus has nothing better',
  notes: [
    '`registry` is what the names of its images begin with, with the port of its connector: an event does not say it.',
    'One capability, and one webhook here, for each repository.',
  ],
  sample({ webhook, secret, image, tag, now }) {
    const prefix = webhook.registry ?? image.slice(0, image.indexOf('/'));
    const name = image.slice(`${prefix}/`.length);
    const body = JSON.stringify({ action: 'CREATED', component: { format: 'docker', name, version: tag } });
    const headers = {
      'content-type': 'application/json; charset=UTF-8',
      'x-nexus-webhook-id': 'rm:repository:component',
      'x-nexus-webhook-delivery': `sluice-${now}`,
      'x-nexus-webhook-signature': hmacHex('sha1', secret, body),
    };
    return { headers, body };
  },
};
