import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message as SqsMessage,
} from '@aws-sdk/client-sqs';

import type { Message, Queue, QueueName, ReceiveOptions } from '../../app/ports.ts';
import { decodeMessage } from '../message-text.ts';
import { awsFailure, errorName } from './aws-failure.ts';
import { type Connections, timeouts } from './connections.ts';
import { countMessages } from './sqs-count.ts';
import { sendAll } from './sqs-send.ts';

export type QueueUrls = Readonly<Partial<Record<QueueName, string>>>;

export interface SqsQueueOptions {
  /** Of the queues that are used. `sync` and `release` are FIFO queues, `check` is a standard one. */
  readonly urls: QueueUrls;
  /** For `depth`. */
  readonly deadLetterUrls?: QueueUrls;
  /** Default connections of its own. */
  readonly connections?: Connections;
  /** Another server than that of the region. */
  readonly endpoint?: string;
}

/** What SQS takes. */
const longestWaitSeconds = 20;
const mostAtOnce = 10;

/** What SQS says of a receipt that is not that of the message's last delivery; one of a FIFO queue that is too old is an invalid parameter. */
const notOurs: readonly string[] = ['MessageNotInflight', 'ReceiptHandleIsInvalid', 'InvalidParameterValue'];

/** The `Queue` in SQS (facts/webhooks.md §7.1). Credentials and region come by the SDK's own chain. */
export function createSqsQueue({ urls, deadLetterUrls = {}, connections, endpoint }: SqsQueueOptions): Queue {
  const requestHandler = connections?.handler ?? timeouts;
  const client = new SQSClient({ requestHandler, ...(endpoint === undefined ? {} : { endpoint }) });

  async function receiveSome(queue: QueueName, options: ReceiveOptions): Promise<readonly Message[]> {
    const { limit, waitSeconds, visibilitySeconds, signal } = options;
    const command = new ReceiveMessageCommand({
      QueueUrl: urlOf(urls, queue),
      MaxNumberOfMessages: limit,
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: visibilitySeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    const requestTimeout = waitSeconds * 1000 + timeouts.requestTimeout;
    try {
      const answer = await client.send(command, { requestTimeout, ...(signal && { abortSignal: signal }) });
      return (answer.Messages ?? []).map((message) => messageOf(queue, message));
    } catch (error) {
      if (signal?.aborted === true) return [];
      throw awsFailure(`Cannot receive from queue "${queue}"`, 'SQS', error);
    }
  }

  /** Messages of a FIFO queue come one in an answer: a larger answer may hold several of one group. */
  async function receiveNow(queue: QueueName, options: ReceiveOptions): Promise<readonly Message[]> {
    if (queue === 'check') return await receiveSome(queue, options);
    const first = await receiveSome(queue, { ...options, limit: 1 });
    if (first.length === 0) return first;
    const one = { ...options, limit: 1, waitSeconds: 0 };
    const more = await Promise.allSettled(Array.from({ length: options.limit - 1 }, () => receiveSome(queue, one)));
    return [...first, ...more.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))];
  }

  /** False if the receipt is not ours. */
  async function change(message: Message, what: string, request: () => Promise<unknown>): Promise<boolean> {
    try {
      await request();
      return true;
    } catch (error) {
      if (notOurs.includes(errorName(error))) return false;
      throw awsFailure(`Cannot ${what} message "${message.id}" of queue "${message.queue}"`, 'SQS', error);
    }
  }

  return {
    async send(queue, messages) {
      await sendAll({ client, queue, url: urlOf(urls, queue) }, messages);
    },

    async receive(queue, options) {
      const limit = Math.min(options.limit, mostAtOnce);
      let remaining = Math.ceil(options.waitSeconds);
      while (options.signal?.aborted !== true) {
        const waitSeconds = Math.min(remaining, longestWaitSeconds);
        const messages = await receiveNow(queue, { ...options, limit, waitSeconds });
        remaining -= waitSeconds;
        if (messages.length > 0 || remaining === 0) return messages;
      }
      return [];
    },

    async extend(message, visibilitySeconds) {
      const receipt = { QueueUrl: urlOf(urls, message.queue), ReceiptHandle: message.receipt };
      const command = new ChangeMessageVisibilityCommand({ ...receipt, VisibilityTimeout: visibilitySeconds });
      return await change(message, 'keep', () => client.send(command));
    },

    async acknowledge(message) {
      const receipt = { QueueUrl: urlOf(urls, message.queue), ReceiptHandle: message.receipt };
      await change(message, 'acknowledge', () => client.send(new DeleteMessageCommand(receipt)));
    },

    async depth(queue) {
      const [alive, dead] = await Promise.all([
        countMessages(client, queue, urlOf(urls, queue)),
        countMessages(client, queue, urlOf(deadLetterUrls, queue)),
      ]);
      return { ...alive, dead: dead.waiting + dead.inFlight };
    },
  };
}

function urlOf(urls: QueueUrls, queue: QueueName): string {
  const url = urls[queue];
  if (url === undefined) throw new TypeError(`The URL of queue "${queue}" was not given`);
  return url;
}

function messageOf(queue: QueueName, message: SqsMessage): Message {
  return {
    id: message.MessageId ?? '',
    queue,
    body: decodeMessage(message.Body ?? ''),
    receipt: message.ReceiptHandle ?? '',
    receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
  };
}
