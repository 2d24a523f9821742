import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

import type { QueueDepth, QueueName } from '../../app/ports.ts';
import { awsFailure } from './aws-failure.ts';

/** Messages of one queue, about: SQS may be a minute behind. */
export async function countMessages(
  client: SQSClient,
  queue: QueueName,
  url: string,
): Promise<Omit<QueueDepth, 'dead'>> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: url,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesDelayed',
      'ApproximateNumberOfMessagesNotVisible',
    ],
  });
  try {
    const { Attributes: found = {} } = await client.send(command);
    const visible = Number(found.ApproximateNumberOfMessages ?? 0);
    const delayed = Number(found.ApproximateNumberOfMessagesDelayed ?? 0);
    return { waiting: visible + delayed, inFlight: Number(found.ApproximateNumberOfMessagesNotVisible ?? 0) };
  } catch (error) {
    throw awsFailure(`Cannot count the messages of queue "${queue}"`, 'SQS', error);
  }
}
