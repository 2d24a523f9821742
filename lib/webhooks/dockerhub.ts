import * as z from 'zod/mini';
import type { Guide } from './guide.ts';
import { imageChanges } from './image-changes.ts';
import type { Reading, Sender } from './sender.ts';

/** Docker Hub (facts/webhooks.md §2.4), which proves nothing and has one event. Its `callback_url` is never called: whoever knows the id could choose it. */
export const dockerhub: Sender = { event: () => read };

const Push = z.object({
  push_data: z.object({ tag: z.string() }),
  repository: z.object({ repo_name: z.string() }),
});

function read(body: unknown): Reading {
  const { push_data, repository } = Push.parse(body);
  return { changes: imageChanges({ image: `docker.io/${repository.repo_name}`, tag: push_data.tag }) };
}

export const dockerhubGuide: Guide = {
  product: 'Docker Hub',
  brings: 'images',
  settings: '{ id: RANDOM, sender: dockerhub } # for RANDOM, what "openssl rand -hex 16" prints',
  where: 'Repository → Webhooks',
  fields: [
    ['Webhook name', 'sluice'],
    ['Webhook URL', '$URL'],
  ],
  events: ['every push of a tag; there is nothing to tick'],
  proof: 'nothing but the id of the webhook: 24 random characters, which nobody else may know',
  notes: ['An event is a hint, no more: the registry itself is asked before anything is done.'],
  sample({ image, tag }) {
    const body = JSON.stringify({
      push_data: { tag },
      repository: { repo_name: image.split('/').slice(1).join('/') },
    });
    return { headers: { 'content-type': 'application/json' }, body };
  },
};
