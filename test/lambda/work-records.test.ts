import type { SQSEvent } from 'aws-lambda';
import { expect, it } from 'vitest';
import type { Message } from '../../lib/app/ports.ts';
import type { Parts } from '../../lib/lambda/parts.ts';
import { workRecords } from '../../lib/lambda/work-records.ts';
import { createJobWorld } from '../app/jobs/job-world.ts';

function eventOf(...bodies: readonly string[]): SQSEvent {
  const Records = bodies.map((body, index) => ({
    messageId: `m${index}`,
    receiptHandle: `r${index}`,
    body,
    attributes: { ApproximateReceiveCount: '2' },
  }));
  return { Records } as unknown as SQSEvent;
}

function start({ begins = true } = {}) {
  const { ports } = createJobWorld();
  const extended: [receipt: string, seconds: number][] = [];
  const closed: string[] = [];
  const queue = {
    ...ports.queue,
    extend: async ({ receipt }: Message, seconds: number) => extended.push([receipt, seconds]) > 0,
  };
  const parts = {
    log: ports.log,
    queue,
    async begin() {
      if (!begins) throw new Error('no settings');
      return { settings: { targets: [] }, ports: { ...ports, queue }, [Symbol.dispose]: () => closed.push('closed') };
    },
    close: () => closed.push('closed'),
  } as unknown as Parts;
  return { parts, extended, closed };
}

it('a message arrives with its receipt, how often it came, and its body as JSON or as it is', async () => {
  const { parts, closed } = start();
  const seen: Message[] = [];
  const work = async (message: Message) => seen.push(message) > 0;
  expect(await workRecords('check', eventOf('{"a":1}', 'no json'), parts, work)).toEqual({ batchItemFailures: [] });
  expect(seen).toEqual([
    { id: 'm0', queue: 'check', body: { a: 1 }, receipt: 'r0', receiveCount: 2 },
    { id: 'm1', queue: 'check', body: 'no json', receipt: 'r1', receiveCount: 2 },
  ]);
  expect(closed).toEqual(['closed']);
});

it('of a batch only what failed is reported, and comes again after a minute', async () => {
  const { parts, extended } = start();
  const work = async ({ body }: Message) => {
    if (body === 'poison') throw new Error('no');
    return true;
  };
  expect(await workRecords('check', eventOf('a', 'poison', 'b'), parts, work)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm1' }],
  });
  expect(extended).toEqual([['r1', 60]]);
});

it('a message that is no longer ours is reported, so that Lambda does not delete it, and is left alone', async () => {
  const { parts, extended } = start();
  expect(await workRecords('check', eventOf('a'), parts, async () => false)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm0' }],
  });
  expect(extended).toEqual([]);
});

it('without settings every message comes again after a minute', async () => {
  const { parts, extended, closed } = start({ begins: false });
  expect(await workRecords('check', eventOf('a', 'b'), parts, async () => true)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm0' }, { itemIdentifier: 'm1' }],
  });
  expect(extended).toEqual([
    ['r0', 60],
    ['r1', 60],
  ]);
  expect(closed).toEqual(['closed']);
});
