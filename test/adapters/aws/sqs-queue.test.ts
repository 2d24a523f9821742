import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe } from 'vitest';

import { createSqsQueue } from '../../../lib/adapters/aws/sqs-queue.ts';
import { type SqsServer, startSqs } from '../../fakes/aws/sqs.ts';
import type { QueueUnderTest } from '../queue-contract/cases.ts';
import { queueContract } from '../queue-contract.ts';

let server: SqsServer;
beforeAll(async () => {
  server = await startSqs();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const now = Date.now;

async function open(): Promise<QueueUnderTest> {
  return {
    queue: createSqsQueue({ ...(await server.createQueues()), endpoint: server.endpoint }),
    pass,
    async [Symbol.asyncDispose]() {
      Date.now = now;
    },
  };
}

/** The server is in this process: what nobody waits for, its clock is moved by. */
async function pass(milliseconds: number): Promise<void> {
  if (milliseconds < 60_000) return await sleep(milliseconds);
  const before = Date.now;
  Date.now = () => before() + milliseconds;
}

describe('the SQS queue', () =>
  queueContract(open, {
    'a message whose time is over is not extended': 'fauxqs extends it late',
    'a receive that was aborted takes no message with it': 'a poll goes on at the server when its connection is closed',
  }));
