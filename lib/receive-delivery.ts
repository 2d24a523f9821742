import type { DeliveryAnswer, DeliveryRequest } from './answer-delivery.ts';
import type { JobPorts } from './app/jobs/job-ports.ts';
import { receive } from './app/jobs/receive.ts';
import type { ReadSecret } from './app/ports.ts';
import type { WebhookSettings } from './domain/settings/settings.ts';
import { readDelivery } from './webhooks/read-delivery.ts';

/** Verifies a delivery with the secrets of its webhook and queues what it asks for. Throws if a secret, the queue or the store cannot be reached. */
export async function receiveDelivery(
  request: DeliveryRequest,
  webhooks: readonly WebhookSettings[],
  readSecret: ReadSecret,
  ports: JobPorts,
): Promise<DeliveryAnswer> {
  const webhook = webhooks.find(({ id }) => id === request.id);
  if (webhook === undefined) return { status: 404, message: 'Cannot answer: there is nothing at this path' };
  const secrets = await Promise.all(webhook.secret.map((ref) => readSecret(ref)));
  let delivery = await readDelivery(webhook.sender, secrets, request, ports.clock());
  if ('status' in delivery && delivery.status === 401) {
    // The secret may have been rotated since it was kept: most senders try a refused delivery never again (facts/webhooks.md §5).
    const newest = await Promise.all(webhook.secret.map((ref) => readSecret(ref, { newest: true })));
    if (newest.some((secret, index) => secret !== secrets[index])) {
      delivery = await readDelivery(webhook.sender, newest, request, ports.clock());
    }
  }
  if ('status' in delivery) return delivery;
  const { changes, deliveryId } = delivery;
  const { status, runs } = await receive({ webhookId: webhook.id, deliveryId, by: webhook.id, changes }, ports);
  if (status === 204) return { status, message: 'Nothing to do: no target has this repository and branch' };
  return { status, message: `Queued ${runs.length} ${runs.length === 1 ? 'sync' : 'syncs'}`, runs };
}
