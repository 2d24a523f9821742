import type { EventBridgeEvent } from 'aws-lambda';
import { receive } from '../lib/app/jobs/receive.ts';
import { openParts } from '../lib/lambda/parts.ts';
import { readEvent } from '../lib/webhooks/read-event.ts';

const parts = openParts();

/** Events of AWS itself, which its roles vouch for: → Change → jobs. What it throws is delivered again, with the same id. */
export async function handler(event: EventBridgeEvent<string, unknown>): Promise<void> {
  const delivery = readEvent(event);
  if ('status' in delivery) {
    // Nobody waits for an answer: what is of another shape than expected is said here.
    if (delivery.status >= 400) parts.log.warn('An event could not be read', { error: delivery.message });
    return;
  }
  using invocation = await parts.begin();
  await receive({ webhookId: event.source, by: event.source, ...delivery }, invocation.ports);
}
