import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Properties } from '../../infra/packaged.ts';
import type { Cloud } from './cloud.ts';
import type { FunctionPool } from './function-pool.ts';

export interface EventSource extends AsyncDisposable {
  /** Why invocations failed as a whole. */
  readonly errors: readonly string[];
}

export interface EventSourceOptions {
  /** Messages that failed come again at once, as if the time had passed for which they are hidden. */
  readonly isHurried?: boolean;
  /** Seconds that an invocation may take, instead of those of the template. */
  readonly seconds?: number;
}

interface EventSourceSetup extends EventSourceOptions {
  readonly cloud: Cloud;
  readonly mapping: Properties;
  readonly pool: FunctionPool;
  readonly workers: number;
}

/**
 * What Lambda does with a queue (facts/webhooks.md §7.2): batches to the function, as many at once as there are workers, each group in order; what is
 * not reported as failed is deleted; of an invocation that fails nothing is.
 */
export function startEventSource({ cloud, mapping, pool, workers, isHurried, seconds }: EventSourceSetup): EventSource {
  const queue = mapping.EventSourceArn['Fn::GetAtt'][0] as string;
  const url = cloud.behind(queue);
  const stop = new AbortController();
  const errors: string[] = [];

  async function poll(): Promise<void> {
    while (!stop.signal.aborted) {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: mapping.BatchSize,
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['All'],
      });
      // Not aborted: the server would hand messages to a poll that nobody waits for.
      const { Messages = [] } = await cloud.sqs.client.send(command).catch(() => ({ Messages: [] as Message[] }));
      if (Messages.length === 0) continue;
      if (stop.signal.aborted) await Promise.all(Messages.map(giveBack));
      else await invoke(Messages);
    }
  }

  async function giveBack({ ReceiptHandle }: Message): Promise<void> {
    const command = new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 });
    await cloud.sqs.client.send(command);
  }

  async function invoke(messages: readonly Message[]): Promise<void> {
    let failed: readonly string[];
    try {
      failed = failuresIn(await pool.invoke({ Records: messages.map((message) => recordOf(queue, message)) }, seconds));
    } catch (error) {
      errors.push((error as Error).message);
      failed = messages.map(({ MessageId = '' }) => MessageId);
    }
    for (const { MessageId = '', ReceiptHandle } of messages) {
      const receipt = { QueueUrl: url, ReceiptHandle };
      const command = failed.includes(MessageId)
        ? isHurried && new ChangeMessageVisibilityCommand({ ...receipt, VisibilityTimeout: 0 })
        : new DeleteMessageCommand(receipt);
      if (command) await cloud.sqs.client.send(command as DeleteMessageCommand).catch(() => undefined);
    }
  }

  const polling = Promise.all(Array.from({ length: workers }, poll));
  return {
    errors,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await polling;
    },
  };
}

function failuresIn(response: unknown): readonly string[] {
  const { batchItemFailures } = response as { batchItemFailures: readonly { itemIdentifier: string }[] };
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

function recordOf(queue: string, { MessageId, ReceiptHandle, Body, Attributes }: Message): Properties {
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes,
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:eu-central-1:000000000000:${queue}`,
    awsRegion: 'eu-central-1',
  };
}
