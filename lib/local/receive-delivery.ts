import type { JobPorts } from '../app/jobs/job-ports.ts';
import { receive } from '../app/jobs/receive.ts';
import type { ReadSecret } from '../app/ports.ts';
import { readSecrets } from '../app/read-secrets.ts';
import { webhookName } from '../domain/settings/webhook-rules.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import { readDelivery } from '../webhooks/read-delivery.ts';
import type { FindKey } from '../webhooks/sender.ts';
import type { DeliveryAnswer, DeliveryRequest } from './http.ts';

export interface DeliveryPorts extends JobPorts {
  readonly readSecret: ReadSecret;
  readonly findKey: FindKey;
}

/** Verifies a delivery with the secrets of its webhook, read anew, and queues what it asks for. `webhooks` are those of the settings, by id. */
export async function receiveDelivery(
  request: DeliveryRequest,
  webhooks: ReadonlyMap<string, WebhookSettings>,
  ports: DeliveryPorts,
): Promise<DeliveryAnswer> {
  const webhook = webhooks.get(request.id);
  if (webhook === undefined) return { status: 404, message: 'Cannot answer: there is nothing at this path' };
  const { values: secrets, failures } = await readSecrets(webhook.secret, ports.readSecret);
  const delivery = await readDelivery(request, { webhook, secrets, now: ports.clock(), findKey: ports.findKey });
  // It may be signed with the one that cannot be read: then the sender shall try again.
  if ('status' in delivery && delivery.status === 401) for (const failure of failures) throw failure;
  if ('status' in delivery) return delivery;
  const { changes, deliveryId } = delivery;
  const { status, runs } = await receive(
    { webhookId: webhook.id, deliveryId, by: webhookName(webhook), changes },
    ports,
  );
  if (status === 204) return { status, message: 'Nothing to do: no target has this repository and branch' };
  return { status, message: `Queued ${runs.length} ${runs.length === 1 ? 'sync' : 'syncs'}`, runs };
}
