import * as z from 'zod/mini';
import { sha256Hex } from '../domain/digest.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
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
