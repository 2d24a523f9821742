import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import type { Message, Queue, QueueName } from '../../../lib/app/ports.ts';
import type { QueueCases } from './cases.ts';

/** Groups and deduplication. */
export function orderCases(given: QueueCases): void {
  given.contract('one message of a group is in flight at a time, in order, while other groups go on', async () => {
    await given.queue.send('sync', [
      { body: 'a1', group: 'a' },
      { body: 'a2', group: 'a' },
      { body: 'b1', group: 'b' },
    ]);
    await given.queue.send('sync', [{ body: 'a3', group: 'a' }]);
    const [a1, b1] = await given.receive('sync');
    expect([a1?.body, b1?.body]).toEqual(['a1', 'b1']);
    expect(await given.receive('sync')).toEqual([]);
    await given.queue.acknowledge(a1!);
    const a2 = await given.receiveOne('sync');
    expect(a2.body).toBe('a2');
    await given.queue.send('sync', [{ body: 'b2', group: 'b' }]);
    expect(await given.receive('sync')).toEqual([]);
    await given.queue.acknowledge(a2);
    expect((await given.receiveOne('sync')).body).toBe('a3');
  });

  given.contract('a group may be any text', async () => {
    const groups = ['https://github.com/acme/shop-deploy.git#main', 'ü 🙂', 'x'.repeat(1000), ' ', 'a', 'A'];
    await given.queue.send(
      'release',
      groups.map((group) => ({ body: group, group, deduplicationId: `${group} of any length ${'y'.repeat(500)}` })),
    );
    const received = await given.receive('release');
    expect(received.map(({ body }) => body).toSorted()).toEqual(groups.toSorted());
  });

  given.contract('a second message with the same deduplication id in the same group is dropped', async () => {
    const message = { body: 1, group: 'a', deduplicationId: 'delivery-1' };
    await given.queue.send('sync', [message, { ...message, body: 2 }]);
    await given.queue.send('sync', [{ ...message, body: 3 }]);
    await given.queue.acknowledge(await given.receiveOne('sync'));
    await given.queue.send('sync', [{ ...message, body: 4 }]);
    expect(await given.receive('sync')).toEqual([]);
  });

  given.contract('messages of another group, queue or deduplication id, or without one, are not dropped', async () => {
    const body = 'the same';
    await given.queue.send('release', [{ body, group: 'a', deduplicationId: '1' }]);
    await given.queue.send('sync', [
      { body, group: 'a', deduplicationId: '1' },
      { body, group: 'b', deduplicationId: '1' },
      { body, group: 'c', deduplicationId: '1' },
      { body, group: 'c', deduplicationId: '2' },
      { body, group: 'd' },
      { body, group: 'd' },
    ]);
    expect(await given.queue.depth('sync')).toEqual({ waiting: 6, inFlight: 0, dead: 0 });
  });

  given.contract('a deduplication id is forgotten after five minutes, not before', async () => {
    const message = { body: 1, group: 'a', deduplicationId: 'delivery-1' };
    await given.queue.send('sync', [message]);
    await given.pass(5 * 60_000 - 1000);
    await given.queue.send('sync', [message]);
    expect((await given.queue.depth('sync')).waiting).toBe(1);
    await given.pass(1000);
    await given.queue.send('sync', [message]);
    expect((await given.queue.depth('sync')).waiting).toBe(2);
  });

  given.contract('500 messages go in one call, each once, each group in its order', async () => {
    await given.queue.send(
      'sync',
      Array.from({ length: 500 }, (_, index) => ({ body: index, group: `target-${index % 100}` })),
    );
    const taken = await drain(given.queue, 'sync', 4);
    expect(taken.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, index) => index));
    for (let group = 0; group < 100; group += 1) {
      const ofGroup = taken.map(Number).filter((index) => index % 100 === group);
      expect(ofGroup).toEqual(ofGroup.toSorted((a, b) => a - b));
    }
  });

  given.contract(
    'concurrent receivers never hold two messages of a group, and finish each group in order',
    async () => {
      const groups = ['a', 'b', 'c', 'd', 'e'];
      const held = new Map<string, number>();
      const done = new Map<string, number[]>(groups.map((group) => [group, []]));
      for (let index = 0; index < 12; index += 1) {
        await given.queue.send(
          'sync',
          groups.map((group) => ({ body: { group, index }, group })),
        );
      }
      await drain(given.queue, 'sync', 6, async ({ body }) => {
        const { group, index } = body as { group: string; index: number };
        held.set(group, (held.get(group) ?? 0) + 1);
        expect(held.get(group)).toBe(1);
        await sleep((index * 7 + group.charCodeAt(0)) % 10);
        held.set(group, 0);
        done.get(group)?.push(index);
      });
      for (const group of groups) expect(done.get(group)).toEqual(Array.from({ length: 12 }, (_, index) => index));
    },
  );
}

/** Receives and acknowledges with several receivers until nothing is left; the bodies in the order in which they were done. */
async function drain(
  queue: Queue,
  name: QueueName,
  receivers: number,
  work: (message: Message) => Promise<void> = async () => undefined,
): Promise<unknown[]> {
  const bodies: unknown[] = [];
  async function loop(): Promise<void> {
    for (;;) {
      const messages = await queue.receive(name, { limit: 3, waitSeconds: 1, visibilitySeconds: 30 });
      if (messages.length === 0) return;
      for (const message of messages) {
        await work(message);
        bodies.push(message.body);
        await queue.acknowledge(message);
      }
    }
  }
  await Promise.all(Array.from({ length: receivers }, loop));
  return bodies;
}
