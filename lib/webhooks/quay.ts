import * as z from 'zod/mini';
import { imageChanges } from './image-changes.ts';
import type { Reading, Sender } from './sender.ts';

/** Quay.io and Project Quay (facts/webhooks.md §2.5), which prove nothing. Errors end a notification. */
export const quay: Sender = { event: () => read };

const Push = z.object({ docker_url: z.string(), updated_tags: z.array(z.string()) });

function read(body: unknown): Reading {
  const { docker_url, updated_tags } = Push.parse(body);
  return { changes: updated_tags.flatMap((tag) => imageChanges({ image: docker_url, tag })) };
}
