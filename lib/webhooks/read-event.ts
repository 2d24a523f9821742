import * as z from 'zod/mini';
import { $ZodError } from 'zod/v4/core';
import { codecommit } from './codecommit.ts';
import { ecr } from './ecr.ts';
import type { EventSource } from './event-source.ts';
import { isDeliveryId } from './headers.ts';
import type { Delivery } from './read-delivery.ts';

/** Every service of AWS whose events are read, by their `source`. To add one: its file and its line here. */
const sources: ReadonlyMap<string, EventSource> = new Map([
  ['aws.codecommit', codecommit],
  ['aws.ecr', ecr],
]);

const Envelope = z.object({
  id: z.string(),
  source: z.string(),
  'detail-type': z.string(),
  account: z.string(),
  region: z.string(),
  detail: z.unknown(),
});

/** Reads an event of EventBridge as a delivery is read: 204 and 422 are for the log, nobody waits for an answer. Never throws for what came from outside. */
export function readEvent(event: unknown): Delivery {
  const envelope = Envelope.safeParse(event);
  if (!envelope.success) return { status: 422, message: 'Cannot read the event: it is not what EventBridge sends' };
  const { id, source, 'detail-type': detailType, detail, ...place } = envelope.data;
  const known = sources.get(source);
  if (known === undefined || known.detailType !== detailType) {
    return { status: 204, message: 'Nothing to do: the event is none of those that are read' };
  }
  try {
    const changes = known.read(detail, place);
    if (changes.length > 0) return { changes, ...(isDeliveryId(id) && { deliveryId: id }) };
    return { status: 204, message: 'Nothing to do: the event names no branch, tag or image that was pushed' };
  } catch (error) {
    if (!(error instanceof $ZodError)) throw error;
    const where = ['detail', ...(error.issues[0]?.path ?? [])].join('.');
    return { status: 422, message: `Cannot read the event: ${where} is missing or not what ${source} sends` };
  }
}
