import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';

import type { OutgoingMessage, QueueName } from '../../app/ports.ts';
import { encodeMessage } from '../message-text.ts';
import { awsFailure } from './aws-failure.ts';
import { batchesOf, wavesOf } from './sqs-batches.ts';

export interface Destination {
  readonly client: SQSClient;
  readonly queue: QueueName;
  readonly url: string;
}

type Entry = SendMessageBatchRequestEntry;

/** What was not taken of a batch, and why. */
interface Refused {
  readonly count: number;
  readonly reason: unknown;
}

/** Waits before entries that SQS refused are sent again. */
const retryDelaysMs = [100, 300, 900];
const batchesAtOnce = 10;

/** Sends in batches, several at once. Throws a `server` Failure that counts the messages that were not taken. */
export async function sendAll(to: Destination, messages: readonly OutgoingMessage[]): Promise<void> {
  const entries = messages.map((message, index) => entryOf(to.queue, message, String(index)));
  let taken = 0;
  for (const wave of wavesOf(entries)) {
    const refused = await sendWave(to, wave);
    taken += wave.length - refused.reduce((sum, { count }) => sum + count, 0);
    const [first] = refused;
    if (first === undefined) continue;
    const what = `Cannot send ${entries.length - taken} of ${entries.length} messages to queue "${to.queue}"`;
    throw awsFailure(what, 'SQS', first.reason);
  }
}

async function sendWave(to: Destination, wave: readonly Entry[]): Promise<readonly Refused[]> {
  const batches = batchesOf(wave).values();
  const refused: Refused[] = [];
  async function sender(): Promise<void> {
    for (const batch of batches) {
      const outcome = await sendBatch(to, batch);
      if (outcome !== undefined) refused.push(outcome);
    }
  }
  await Promise.all(Array.from({ length: batchesAtOnce }, sender));
  return refused;
}

/** Undefined if all was taken. Each try has the same deduplication ids: what was taken without our knowing is not taken twice. */
async function sendBatch({ client, url }: Destination, batch: readonly Entry[]): Promise<Refused | undefined> {
  let entries = batch;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [...entries] }));
      const failed = answer.Failed ?? [];
      const [first] = failed;
      if (first === undefined) return undefined;
      const ids = new Set(failed.map(({ Id }) => Id));
      entries = entries.filter(({ Id }) => ids.has(Id));
      const delay = retryDelaysMs[attempt];
      if (delay === undefined) return { count: entries.length, reason: refusal(first.Code, first.Message) };
      await sleep(delay);
    } catch (error) {
      return { count: entries.length, reason: error };
    }
  }
}

/** The reason of a refused entry as the SDK throws those of whole requests. */
function refusal(code = 'Failed', message = ''): Error {
  const error = new Error(message);
  error.name = code;
  return error;
}

function entryOf(queue: QueueName, message: OutgoingMessage, id: string): Entry {
  const body = { Id: id, MessageBody: encodeMessage(queue, message) };
  if (queue === 'check') return { ...body, DelaySeconds: message.delaySeconds ?? 0 };
  const { group = '', deduplicationId } = message;
  return {
    ...body,
    MessageGroupId: digest([group]),
    MessageDeduplicationId: deduplicationId === undefined ? randomUUID() : digest([group, deduplicationId]),
  };
}

/** SQS takes 128 letters, digits and punctuation marks; ids of one group are apart from those of another in every mode of the queue. */
function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
