import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import { type QueueCases, visible } from './cases.ts';

/** How receive waits, wakes and ends. */
export function waitingCases(given: QueueCases): void {
  given.contract('receive waits for the first message, and no longer than it was told', async () => {
    const began = Date.now();
    expect(await given.queue.receive('check', { ...visible, waitSeconds: 1 })).toEqual([]);
    expect(Date.now() - began).toBeGreaterThan(900);
    const received = given.queue.receive('check', { ...visible, waitSeconds: 10 });
    await sleep(200);
    await given.queue.send('check', [{ body: 'woken' }]);
    expect(await received).toMatchObject([{ body: 'woken' }]);
    expect(Date.now() - began).toBeLessThan(5000);
  });

  given.contract('receive wakes when a group goes on, a message is given back and a delay ends', async () => {
    const waiting = () => given.queue.receive('sync', { ...visible, waitSeconds: 10 });
    const began = Date.now();
    await given.queue.send('sync', [
      { body: 1, group: 'a' },
      { body: 2, group: 'a' },
    ]);
    const first = await given.receiveOne('sync');
    const second = waiting();
    await sleep(100);
    await given.queue.acknowledge(first);
    const [next] = await second;
    expect(next?.body).toBe(2);
    const third = waiting();
    await sleep(100);
    await given.queue.extend(next!, 0);
    expect(await third).toMatchObject([{ body: 2, receiveCount: 2 }]);
    await given.queue.send('check', [{ body: 3, delaySeconds: 1 }]);
    expect(await given.queue.receive('check', { ...visible, waitSeconds: 10 })).toMatchObject([{ body: 3 }]);
    expect(Date.now() - began).toBeLessThan(8000);
  });

  given.contract('receive ends with nothing when its signal is aborted', async () => {
    const controller = new AbortController();
    const began = Date.now();
    const received = given.queue.receive('sync', { ...visible, waitSeconds: 10, signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    expect(await received).toEqual([]);
    expect(await given.queue.receive('sync', { ...visible, waitSeconds: 10, signal: AbortSignal.abort() })).toEqual([]);
    expect(Date.now() - began).toBeLessThan(5000);
  });

  given.contract('a receive that was aborted takes no message with it', async () => {
    const controller = new AbortController();
    const received = given.queue.receive('sync', { ...visible, waitSeconds: 10, signal: controller.signal });
    await sleep(100);
    controller.abort();
    await received;
    await given.queue.send('sync', [{ body: 1, group: 'a' }]);
    expect((await given.receiveOne('sync')).body).toBe(1);
  });
}
