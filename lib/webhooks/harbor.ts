import * as z from 'zod/mini';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import type { Guide } from './guide.ts';
import { imageChanges, splitReference } from './image-changes.ts';
import type { Reading, Sender } from './sender.ts';
import { isSecretHeader } from './signature.ts';

/** Harbor, in its own format and as CloudEvents (facts/webhooks.md §2.6). The "auth header" of a policy is sent as it stands. */
export const harbor: Sender = {
  proof: 'Authorization',
  verify: ({ headers }, { secrets }) => isSecretHeader(headers, 'authorization', secrets),
  event: () => read,
};

const Named = z.object({ type: z.string() });

/** The second is Harbor 1's. */
const nativePushes: ReadonlySet<string> = new Set(['PUSH_ARTIFACT', 'pushImage']);

function read(body: unknown, webhook: WebhookSettings): Reading {
  const { type } = Named.parse(body);
  if (nativePushes.has(type)) return { changes: changesOf(Native.parse(body).event_data, webhook) };
  if (type !== 'harbor.artifact.pushed') return { changes: [] };
  const { id, data } = CloudEvent.parse(body);
  return { changes: changesOf(data, webhook), id };
}

const Data = z.object({
  // Only the first tag of several is named.
  resources: z.array(z.object({ resource_url: z.string(), tag: z.nullish(z.string()), digest: z.nullish(z.string()) })),
  repository: z.object({ repo_full_name: z.string() }),
});
const Native = z.object({ event_data: Data });
const CloudEvent = z.object({ id: z.string(), data: Data });

/** The host is that of Harbor's external address, which may be one that nobody else uses. A push without a tag has the digest as one. */
function changesOf({ resources, repository }: z.infer<typeof Data>, { registry }: WebhookSettings) {
  return resources.flatMap(({ resource_url, tag, digest }) => {
    const image =
      registry === undefined ? splitReference(resource_url).image : `${registry}/${repository.repo_full_name}`;
    return imageChanges({ image, tag, digest });
  });
}

export const harborGuide: Guide = {
  product: 'Harbor',
  brings: 'images',
  settings: '{ id: acme-harbor, sender: harbor, secret: { env: HARBOR_AUTH_HEADER } } # the whole value: "Bearer …"',
  where: 'Project → Webhooks → New Webhook',
  fields: [
    ['Notify Type', 'http'],
    ['Payload Format', 'Default or CloudEvents'],
    ['Endpoint URL', '$URL'],
    ['Auth Header', '$SECRET'],
  ],
  events: ['Artifact pushed'],
  proof: '`Authorization`, the secret as it stands',
  notes: [
    'The secret is all of what "Auth Header" says, with "Bearer " if it begins so.',
    "Where images are pulled by another name than that of Harbor's external address, `registry: registry.acme.io` in sluice.yaml is it.",
    'Of several tags that are pushed together Harbor names the first.',
  ],
  sample({ secret, image, tag }) {
    const body = JSON.stringify({
      type: 'PUSH_ARTIFACT',
      event_data: {
        resources: [{ resource_url: `${image}:${tag}`, tag }],
        repository: { repo_full_name: image.split('/').slice(1).join('/') },
      },
    });
    return { headers: { 'content-type': 'application/json', authorization: secret }, body };
  },
};
