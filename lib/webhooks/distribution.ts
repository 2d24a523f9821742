import * as z from 'zod/mini';
import { sha256Hex } from '../domain/digest.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import type { Guide } from './guide.ts';
import { imageChanges } from './image-changes.ts';
import type { Reading, Sender } from './sender.ts';
import { isSecretHeader } from './signature.ts';

/**
 * The registry of the CNCF, `registry:2` and `registry:3`, and what is built on it: GitLab's own, among others (facts/webhooks.md §2.8). A header
 * of its configuration is the secret. It repeats what is answered with an error for ever, and everything else waits behind it.
 */
export const distribution: Sender = {
  proof: 'Authorization',
  verify: ({ headers }, { secrets }) => isSecretHeader(headers, 'authorization', secrets),
  event: () => read,
};

const text = z.nullish(z.string());

/** Blobs are pushed as well, and our own pulls come back as events; those have other fields, or none. */
const Envelope = z.object({
  events: z.array(
    z.object({
      id: text,
      action: z.string(),
      target: z.nullish(z.object({ mediaType: text, repository: text, tag: text, digest: text, url: text })),
      request: z.nullish(z.object({ host: text })),
    }),
  ),
});
type Event = z.infer<typeof Envelope>['events'][number];

function read(body: unknown, { registry }: WebhookSettings): Reading {
  const { events } = Envelope.parse(body);
  const pushes = events.filter(({ action, target }) => action === 'push' && manifestType.test(target?.mediaType ?? ''));
  const changes = pushes.flatMap((event) => {
    const { repository, tag, digest } = event.target ?? {};
    return repository ? imageChanges({ image: `${registry ?? hostOf(event)}/${repository}`, tag, digest }) : [];
  });
  // An envelope comes again as it is: the ids of its events are its own.
  const ids = pushes.map(({ id }) => id);
  return { changes, id: ids.every((id) => id) ? sha256Hex(JSON.stringify(ids)) : undefined };
}

/** Manifests and lists of them, Docker's and those of the OCI. */
const manifestType = /^application\/vnd\.(docker\.distribution\.manifest|oci\.image\.(manifest|index))\./;

/** The host that the pusher used; else that in the address of the manifest. */
function hostOf({ request, target }: Event): string {
  return request?.host || URL.parse(target?.url ?? '')?.host || '';
}

export const distributionGuide: Guide = {
  product: 'Distribution (registry:2, registry:3), GitLab self-managed, and registries built on it',
  brings: 'images',
  settings:
    '{ id: acme-registry, sender: distribution, secret: { env: REGISTRY_AUTH_HEADER } } # the whole value: "Bearer …"',
  where: "config.yml → notifications → endpoints; of GitLab: gitlab.rb → registry['notifications']",
  fields: [
    ['name', 'sluice'],
    ['url', '$URL'],
    ['headers', 'Authorization: [$SECRET]'],
    ['timeout, threshold, backoff', '5s, 5, 10s'],
    ['ignore', 'actions: [pull]'],
  ],
  events: ['push; ignore pulls, which Sluice causes itself'],
  proof: '`Authorization`, the secret as it stands',
  notes: [
    'The secret is all of what the header says, with "Bearer " if it begins so.',
    'The name of an image is that of the host that the pusher used. Where it is pulled by another, `registry: registry.acme.io` in sluice.yaml is it.',
    'A registry repeats what is answered with an error for ever, and the rest waits: what cannot be read is answered 200, and the log says why.',
  ],
  sample({ secret, image, tag, now }) {
    const [host = '', ...path] = image.split('/');
    const body = JSON.stringify({
      events: [
        {
          id: `sluice-${now}`,
          action: 'push',
          target: {
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            repository: path.join('/'),
            tag,
          },
          request: { host },
        },
      ],
    });
    const headers = { 'content-type': 'application/vnd.docker.distribution.events.v2+json', authorization: secret };
    return { headers, body };
  },
};
