import * as z from 'zod/mini';
import type { Guide } from './guide.ts';
import { imageChanges } from './image-changes.ts';
import type { Reading, Sender } from './sender.ts';

/** Azure Container Registry (facts/webhooks.md §2.3), which proves nothing. */
export const acr: Sender = { event: () => read };

const Named = z.object({ action: z.string() });
const Push = z.object({
  id: z.nullish(z.string()),
  target: z.object({ repository: z.string(), tag: z.nullish(z.string()), digest: z.nullish(z.string()) }),
  request: z.object({ host: z.string() }),
});

function read(body: unknown): Reading {
  if (Named.parse(body).action !== 'push') return { changes: [] };
  const { id, target, request } = Push.parse(body);
  const { repository, tag, digest } = target;
  return { changes: imageChanges({ image: `${request.host}/${repository}`, tag, digest }), id: id ?? undefined };
}

export const acrGuide: Guide = {
  product: 'Azure Container Registry',
  brings: 'images',
  settings: '{ id: RANDOM, sender: acr } # for RANDOM, what "openssl rand -hex 16" prints',
  where: 'Container registry → Services → Webhooks → Add',
  fields: [
    ['Service URI', '$URL'],
    ['Custom headers', 'none are needed'],
    ['Status', 'On'],
    ['Scope', 'empty for every repository, or one such as shop:*'],
  ],
  events: ['push'],
  proof: 'nothing but the id of the webhook: 24 random characters, which nobody else may know',
  notes: ['"Ping" is answered 204.'],
  sample({ image, tag, now }) {
    const [host = '', ...path] = image.split('/');
    const body = JSON.stringify({
      id: `sluice-${now}`,
      action: 'push',
      target: { repository: path.join('/'), tag },
      request: { host },
    });
    return { headers: { 'content-type': 'application/json; charset=utf-8' }, body };
  },
};
