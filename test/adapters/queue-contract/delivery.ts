import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import { type QueueCases, visible } from './cases.ts';

/** Visibility, delays, receipts and dead letters. */
export function deliveryCases(given: QueueCases): void {
  given.contract('an acknowledged message does not come again', async () => {
    await given.queue.send('check', [{ body: 1 }]);
    await given.queue.acknowledge(await given.receiveOne('check', 1));
    await given.pass(1100);
    expect(await given.receive('check')).toEqual([]);
  });

  given.contract(
    'a message that is not acknowledged is visible again after its time, before the rest of its group',
    async () => {
      await given.queue.send('sync', [
        { body: 1, group: 'a' },
        { body: 2, group: 'a' },
      ]);
      const first = await given.receiveOne('sync', 1);
      expect(first).toMatchObject({ body: 1, receiveCount: 1 });
      expect(await given.receive('sync')).toEqual([]);
      await given.pass(1100);
      const again = await given.receiveOne('sync');
      expect(again).toMatchObject({ id: first.id, body: 1, receiveCount: 2 });
      expect(again.receipt).not.toBe(first.receipt);
    },
  );

  given.contract('a delayed message waits unseen until its time', async () => {
    await given.queue.send('check', [{ body: 'later', delaySeconds: 1 }, { body: 'now' }]);
    const now = await given.receiveOne('check');
    expect(now.body).toBe('now');
    expect(await given.queue.depth('check')).toEqual({ waiting: 1, inFlight: 1, dead: 0 });
    await given.pass(1100);
    expect((await given.receiveOne('check')).body).toBe('later');
  });

  given.contract('many messages of the standard queue are in flight at once, ten in one receive at most', async () => {
    await given.queue.send(
      'check',
      Array.from({ length: 15 }, (_, body) => ({ body })),
    );
    const first = await given.queue.receive('check', { ...visible, limit: 10 });
    const second = await given.queue.receive('check', { ...visible, limit: 10 });
    expect([first.length, second.length]).toEqual([10, 5]);
    expect(new Set([...first, ...second].map(({ body }) => body)).size).toBe(15);
    expect(await given.queue.depth('check')).toEqual({ waiting: 0, inFlight: 15, dead: 0 });
  });

  given.contract('after the fifth receive a message is dead, and its group goes on', async () => {
    await given.queue.send('sync', [
      { body: 'poison', group: 'a' },
      { body: 'next', group: 'a' },
    ]);
    for (let count = 1; count <= 5; count += 1) {
      const message = await given.receiveOne('sync');
      expect(message).toMatchObject({ body: 'poison', receiveCount: count });
      await given.queue.extend(message, 0);
    }
    expect(
      await eventually(
        () => given.receive('sync'),
        (messages) => messages.length > 0,
      ),
    ).toMatchObject([{ body: 'next', receiveCount: 1 }]);
    expect(await given.queue.depth('sync')).toEqual({ waiting: 0, inFlight: 1, dead: 1 });
  });

  given.contract('extend keeps a message from others for as long from now as it says', async () => {
    await given.queue.send('check', [{ body: 1 }]);
    const message = await given.receiveOne('check', 2);
    await given.pass(1000);
    expect(await given.queue.extend(message, 3)).toBe(true);
    await given.pass(2000);
    expect(await given.receive('check')).toEqual([]);
    await given.pass(1200);
    expect(await given.receiveOne('check')).toMatchObject({ id: message.id, receiveCount: 2 });
  });

  given.contract('extend by 0 gives a message back at once', async () => {
    await given.queue.send('sync', [{ body: 1, group: 'a' }]);
    const message = await given.receiveOne('sync');
    expect(await given.queue.extend(message, 0)).toBe(true);
    expect(await given.receiveOne('sync')).toMatchObject({ id: message.id, receiveCount: 2 });
  });

  given.contract(
    'a message that was given to another is not extended or acknowledged by who had it before',
    async () => {
      await given.queue.send('sync', [{ body: 1, group: 'a' }]);
      const before = await given.receiveOne('sync', 1);
      await given.pass(1100);
      const after = await given.receiveOne('sync', 2);
      expect(await given.queue.extend(before, 60)).toBe(false);
      expect(await given.queue.extend(before, 0)).toBe(false);
      await given.queue.acknowledge(before);
      expect(await given.receive('sync')).toEqual([]);
      await given.pass(2100);
      expect(await given.receiveOne('sync')).toMatchObject({ id: after.id, receiveCount: 3 });
    },
  );

  given.contract('a message whose time is over is not extended', async () => {
    await given.queue.send('check', [{ body: 1 }]);
    const message = await given.receiveOne('check', 1);
    await given.pass(1100);
    expect(await given.queue.extend(message, 60)).toBe(false);
    expect(await given.receiveOne('check')).toMatchObject({ receiveCount: 2 });
  });

  given.contract('an acknowledged message is not extended', async () => {
    await given.queue.send('sync', [{ body: 1, group: 'a' }]);
    const message = await given.receiveOne('sync');
    await given.queue.acknowledge(message);
    expect(await given.queue.extend(message, 60)).toBe(false);
    await given.queue.acknowledge(message);
  });

  given.contract('a receipt that was never given is not ours', async () => {
    await given.queue.send('sync', [{ body: 1, group: 'a' }]);
    const message = await given.receiveOne('sync');
    const stranger = { ...message, receipt: 'nonsense' };
    expect(await given.queue.extend(stranger, 0)).toBe(false);
    await given.queue.acknowledge(stranger);
    expect(await given.queue.depth('sync')).toEqual({ waiting: 0, inFlight: 1, dead: 0 });
  });
}

async function eventually<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const value = await read();
    if (done(value) || attempt === 20) return value;
    await sleep(100);
  }
}
