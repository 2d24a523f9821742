import * as z from 'zod/mini';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import type { Guide } from './guide.ts';
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

export const aliyunGuide: Guide = {
  product: 'Alibaba Cloud Container Registry',
  brings: 'images',
  settings: '{ id: RANDOM, sender: aliyun } # for RANDOM, what "openssl rand -hex 16" prints',
  where: 'Container Registry → Repositories → Manage → Trigger → Create',
  fields: [
    ['Name', 'sluice'],
    ['Trigger URL', '$URL'],
    ['Trigger', 'All'],
  ],
  events: ['every push of a tag; there is nothing to tick'],
  proof: 'nothing but the id of the webhook: 24 random characters, which nobody else may know',
  notes: [
    'An instance of its own (Enterprise Edition), and a VPC, have names that an event does not say: `registry: acme-registry.cn-hangzhou.cr.aliyuncs.com` in sluice.yaml is it.',
  ],
  sample({ image, tag }) {
    const [host = '', ...path] = image.split('/');
    const body = JSON.stringify({
      push_data: { tag },
      repository: { repo_full_name: path.join('/'), region: host.split('.')[1] ?? '' },
    });
    return { headers: { 'content-type': 'application/json' }, body };
  },
};
