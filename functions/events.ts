import type { EventBridgeEvent } from 'aws-lambda';
import { receive } from '../lib/app/jobs/receive.ts';
import { openParts } from '../lib/lambda/parts.ts';
import { readEvent } from '../lib/webhooks/read-event.ts';

const parts = openParts();

/** Events of AWS itself, which its roles vouch for: → Change → jobs. What it throws is delivered again, with the same id. */
export async function handler(event: EventBridgeEvent<string, unknown>): Promise<void> {
  const changes = readEvent(event);
  if (changes.length === 0) return;
  using invocation = await parts.begin();
  await receive({ webhookId: event.source, deliveryId: event.id, by: event.source, changes }, invocation.ports);
}
