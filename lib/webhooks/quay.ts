import * as z from 'zod/mini';
import type { Guide } from './guide.ts';
import { imageChanges } from './image-changes.ts';
import type { Reading, Sender } from './sender.ts';

/** Quay.io and Project Quay (facts/webhooks.md §2.5), which prove nothing. Errors end a notification. */
export const quay: Sender = { event: () => read };

const Push = z.object({ docker_url: z.string(), updated_tags: z.array(z.string()) });

function read(body: unknown): Reading {
  const { docker_url, updated_tags } = Push.parse(body);
  return { changes: updated_tags.flatMap((tag) => imageChanges({ image: docker_url, tag })) };
}

export const quayGuide: Guide = {
  product: 'Quay.io, Project Quay',
  brings: 'images',
  settings: '{ id: RANDOM, sender: quay } # for RANDOM, what "openssl rand -hex 16" prints',
  where: 'Repository → Settings → Events and Notifications → Create Notification',
  fields: [
    ['When this event occurs', 'Push to Repository'],
    ['Then issue a notification', 'Webhook POST'],
    ['Webhook URL', '$URL'],
    ['POST body template', 'left empty'],
  ],
  events: ['Push to Repository'],
  proof: 'nothing but the id of the webhook: 24 random characters, which nobody else may know',
  notes: [
    'Errors disable a notification: what cannot be read is answered 200, and the log says why.',
    '"Test Notification" sends tags of its own invention.',
  ],
  sample({ image, tag }) {
    const body = JSON.stringify({ docker_url: image, updated_tags: [tag] });
    return { headers: { 'content-type': 'application/json' }, body };
  },
};
