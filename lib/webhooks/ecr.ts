import * as z from 'zod/mini';
import { domainOf, type EventSource, type Place } from './event-source.ts';
import { imageChanges } from './image-changes.ts';

/** Amazon ECR (facts/webhooks.md §2.1), whose events do without the registry: it is named after its account. */
export const ecr: EventSource = { detailType: 'ECR Image Action', read };

const text = z.nullish(z.string());
const Detail = z.object({
  result: z.string(),
  'action-type': z.string(),
  'repository-name': z.string(),
  'image-tag': text,
  'image-digest': text,
});

function read(detail: unknown, { account, region }: Place) {
  const pushed = Detail.parse(detail);
  if (pushed.result !== 'SUCCESS' || pushed['action-type'] !== 'PUSH') return [];
  const image = `${account}.dkr.ecr.${region}.${domainOf(region)}/${pushed['repository-name']}`;
  return imageChanges({ image, tag: pushed['image-tag'], digest: pushed['image-digest'] });
}
