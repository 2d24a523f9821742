import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';

import type { QueueName } from '../../../lib/app/ports.ts';
import { useTestCredentials } from './credentials.ts';

type Urls = Record<QueueName, string>;

export interface SqsServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly client: SQSClient;
  /** New queues as the functions have them: two FIFO, one standard, each with its dead letters after the fifth receive. */
  createQueues(): Promise<{ readonly urls: Urls; readonly deadLetterUrls: Urls }>;
}

/** fauxqs on a free port of loopback (its own start listens on every address). */
export async function startSqs(): Promise<SqsServer> {
  useTestCredentials();
  const app = buildApp({ logger: false });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const endpoint = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const client = new SQSClient({ endpoint });

  async function create(name: string, attributes: Record<string, string>): Promise<string> {
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
    return QueueUrl;
  }

  return {
    endpoint,
    client,
    async createQueues() {
      const prefix = randomUUID();
      const urls = { sync: '', release: '', check: '' };
      const deadLetterUrls = { sync: '', release: '', check: '' };
      for (const queue of ['sync', 'release', 'check'] as const) {
        const [suffix, fifo] = queue === 'check' ? ['', {}] : ['.fifo', { FifoQueue: 'true' }];
        const dead = `${prefix}-${queue}-dead${suffix}`;
        const redrive = { deadLetterTargetArn: `arn:aws:sqs:eu-central-1:000000000000:${dead}`, maxReceiveCount: 5 };
        deadLetterUrls[queue] = await create(dead, fifo);
        urls[queue] = await create(`${prefix}-${queue}${suffix}`, { ...fifo, RedrivePolicy: JSON.stringify(redrive) });
      }
      return { urls, deadLetterUrls };
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await app.close();
    },
  };
}
