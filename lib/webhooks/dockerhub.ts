import * as z from 'zod/mini';
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
