import * as z from 'zod/mini';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import { imageChanges } from './image-changes.ts';
import type { Reading, Sender } from './sender.ts';

/** Alibaba Cloud Container Registry (facts/webhooks.md §2.10), which proves nothing. Only of the instances that everybody shares does it say enough to name the host. */
export const aliyun: Sender = { event: () => read };

const Push = z.object({
  push_data: z.object({ tag: z.string(), digest: z.nullish(z.string()) }),
  repository: z.object({ repo_full_name: z.string(), region: z.string() }),
});

function read(body: unknown, { registry }: WebhookSettings): Reading {
  const { push_data, repository } = Push.parse(body);
  const host = registry ?? `registry.${repository.region}.aliyuncs.com`;
  return { changes: imageChanges({ image: `${host}/${repository.repo_full_name}`, ...push_data }) };
}
