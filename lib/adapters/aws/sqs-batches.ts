import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';

/** What SQS takes; a batch was 256 KB until August 2025, and is so still in some places (facts/webhooks.md §7.1). */
const mostEntries = 10;
const mostBytes = 256 * 1024;

/**
 * Entries that may be sent at the same time: each wave has one of each group at most, in the order of the groups' messages. Entries of
 * two batches, or one that is sent again beside one that was taken, could change places.
 */
export function wavesOf(entries: readonly SendMessageBatchRequestEntry[]): readonly SendMessageBatchRequestEntry[][] {
  const waves: SendMessageBatchRequestEntry[][] = [];
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const group = entry.MessageGroupId;
    const number = group === undefined ? 0 : (counts.get(group) ?? 0);
    if (group !== undefined) counts.set(group, number + 1);
    const wave = waves[number] ?? [];
    waves[number] = wave;
    wave.push(entry);
  }
  return waves;
}

/** Batches that SQS takes by number and size, in the order of the entries. */
export function batchesOf(entries: readonly SendMessageBatchRequestEntry[]): readonly SendMessageBatchRequestEntry[][] {
  const batches: SendMessageBatchRequestEntry[][] = [];
  let batch: SendMessageBatchRequestEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(entry.MessageBody ?? '');
    if (batch.length === mostEntries || (batch.length > 0 && bytes + size > mostBytes)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
