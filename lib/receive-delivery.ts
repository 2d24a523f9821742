import type { DeliveryAnswer, DeliveryRequest } from './answer-delivery.ts';
import type { JobPorts } from './app/jobs/job-ports.ts';
import { receive } from './app/jobs/receive.ts';
import type { ReadSecret } from './app/ports.ts';
import { readSecrets } from './app/read-secrets.ts';
import { webhookName } from './domain/settings/webhook-rules.ts';
import type { WebhookSettings } from './domain/settings/webhook-settings.ts';
import { type Delivery, readDelivery } from './webhooks/read-delivery.ts';
import type { FindKey } from './webhooks/sender.ts';

export interface DeliveryPorts extends JobPorts {
  readonly readSecret: ReadSecret;
  readonly findKey: FindKey;
}

/**
 * Verifies a delivery with the secrets of its webhook and queues what it asks for. `webhooks` are those of the settings, by id. Throws if a
 * secret, the queue or the store cannot be reached.
 */
export async function receiveDelivery(
  request: DeliveryRequest,
  webhooks: ReadonlyMap<string, WebhookSettings>,
  ports: DeliveryPorts,
): Promise<DeliveryAnswer> {
  const webhook = webhooks.get(request.id);
  if (webhook === undefined) return { status: 404, message: 'Cannot answer: there is nothing at this path' };
  const delivery = await verify(request, webhook, ports);
  if ('status' in delivery) return delivery;
  const { changes, deliveryId } = delivery;
  const by = webhookName(webhook);
  const { status, runs } = await receive({ webhookId: webhook.id, deliveryId, by, changes }, ports);
  const isImage = changes.some(({ kind }) => kind === 'image');
  const [one, many, none] = isImage
    ? ['release', 'releases', 'no target waits for this image']
    : ['sync', 'syncs', 'no target has this repository and branch'];
  if (status === 204) return { status, message: `Nothing to do: ${none}` };
  return { status, message: `Queued ${runs.length} ${runs.length === 1 ? one : many}`, runs };
}

async function verify(request: DeliveryRequest, webhook: WebhookSettings, ports: DeliveryPorts): Promise<Delivery> {
  const { readSecret, findKey } = ports;
  const now = ports.clock();
  const kept = await readSecrets(webhook.secret, readSecret);
  const delivery = await readDelivery(request, { webhook, secrets: kept.values, now, findKey });
  if (!isUnverified(delivery)) return delivery;
  // It may be signed with one that cannot be read: then the sender shall try again.
  for (const failure of kept.failures) throw failure;
  // Or with one that was rotated since it was kept: most senders try a refused delivery never again (facts/webhooks.md §5).
  const newest = await readSecrets(webhook.secret, (ref) => readSecret(ref, { newest: true }));
  if (newest.values.every((secret, index) => secret === kept.values[index])) return delivery;
  return await readDelivery(request, { webhook, secrets: newest.values, now, findKey });
}

function isUnverified(delivery: Delivery): boolean {
  return 'status' in delivery && delivery.status === 401;
}
