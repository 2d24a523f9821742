import { sha256Hex } from '../../domain/digest.ts';
import type { Store } from '../ports.ts';

/** One delivery of a webhook, remembered for as long as its sender may send it twice by itself (DESIGN §3). */
export interface DeliveryMark {
  /** Epoch milliseconds of the first arrival: what is done for a repeated delivery comes out the same. */
  readonly at: number;
  /** All its jobs were sent. */
  readonly done: boolean;
}

/** As long as a FIFO queue remembers a deduplication id. Later it is someone who wants the delivery to count once more. */
const rememberedSeconds = 300;

/** A name for a delivery that reveals neither id: that of a webhook may be its only secret. */
export function deliveryKey(webhookId: string, deliveryId: string): string {
  return sha256Hex(JSON.stringify([webhookId, deliveryId]));
}

/** The mark of this delivery: a new one, or that of its first arrival. */
export async function markDelivery(store: Store, key: string, now: number): Promise<DeliveryMark> {
  const mark: DeliveryMark = { at: now, done: false };
  if (await store.put(itemOf(key, mark), { absent: true })) return mark;
  const found = await store.get(partitionOf(key), 'mark');
  return found === undefined ? mark : (found.body as DeliveryMark);
}

/** Its jobs were sent: a duplicate has nothing to do. */
export async function finishDelivery(store: Store, key: string, at: number): Promise<void> {
  await store.put(itemOf(key, { at, done: true }));
}

function itemOf(key: string, mark: DeliveryMark) {
  return {
    partition: partitionOf(key),
    sort: 'mark',
    order: mark.at,
    body: mark,
    expiresAt: Math.floor(mark.at / 1000) + rememberedSeconds,
  };
}

/** A partition for each: they come at the rate of the webhooks, and are never listed. */
function partitionOf(key: string): string {
  return `delivery/${key}`;
}
