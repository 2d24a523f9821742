import * as z from 'zod/mini';
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
