import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { decodeMessage } from '../adapters/message-text.ts';
import { logError } from '../answer.ts';
import { visibilitySeconds } from '../app/jobs/hold.ts';
import type { Message, QueueName } from '../app/ports.ts';
import type { Invocation, Parts } from './parts.ts';

/** Does what a message asks for; false if it is no longer ours. A message of which it throws comes again. */
export type Work = (message: Message, invocation: Invocation) => Promise<boolean>;

/**
 * Works on each message of a batch by itself, and reports those that were not dealt with: Lambda deletes the others. A message that failed comes
 * again after a minute, and not after the quarter of an hour for which the queue has hidden it.
 */
export async function workRecords(
  queue: QueueName,
  event: SQSEvent,
  parts: Parts,
  work: Work,
): Promise<SQSBatchResponse> {
  const messages = event.Records.map((record) => messageOf(queue, record));
  const dealtWith = new Set<Message>();
  try {
    using invocation = await parts.begin();
    await Promise.all(
      messages.map(async (message) => {
        if (await attempt(message, invocation, parts, work)) dealtWith.add(message);
      }),
    );
  } catch (error) {
    logError('work could not begin; its messages come again', error, parts.log);
    for (const message of messages) await release(message, parts);
    parts.close();
  }
  const failed = messages.filter((message) => !dealtWith.has(message));
  return { batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
}

async function attempt(message: Message, invocation: Invocation, parts: Parts, work: Work): Promise<boolean> {
  try {
    return await work(message, invocation);
  } catch (error) {
    logError('work on a message failed; it comes again', error, parts.log.child({ queue: message.queue }));
    await release(message, parts);
    return false;
  }
}

async function release(message: Message, { queue }: Parts): Promise<void> {
  // If this is refused too, the message comes when the queue shows it again.
  await queue.extend(message, visibilitySeconds).catch(() => undefined);
}

function messageOf(queue: QueueName, record: SQSRecord): Message {
  return {
    id: record.messageId,
    queue,
    body: decodeMessage(record.body),
    receipt: record.receiptHandle,
    receiveCount: Number(record.attributes.ApproximateReceiveCount),
  };
}
