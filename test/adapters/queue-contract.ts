import { setTimeout as sleep } from 'node:timers/promises';

import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Message, Queue, QueueName } from '../../lib/app/ports.ts';
import { Failure } from '../../lib/domain/failure.ts';

/** A queue in which nothing is yet. */
export interface QueueUnderTest extends AsyncDisposable {
  readonly queue: Queue;
  /** Lets time go by: a clock is moved, or it is waited for. */
  pass(milliseconds: number): Promise<void>;
}

/** Why a case cannot be tried with the server that stands in for the real one. */
export type Gaps = Readonly<Partial<Record<string, string>>>;

const visible = { limit: 10, waitSeconds: 0, visibilitySeconds: 30 };

/** What every `Queue` does. */
export function queueContract(open: () => Promise<QueueUnderTest>, gaps: Gaps = {}): void {
  let subject: QueueUnderTest;
  let queue: Queue;
  const tried = new Set<string>();
  beforeEach(async () => {
    subject = await open();
    queue = subject.queue;
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
  });

  /** A case, or its name with the reason why it is skipped. */
  function contract(name: string, test: () => Promise<void>): void {
    tried.add(name);
    if (gaps[name] === undefined) it(name, test);
    else it.skip(`${name} (cannot be tried here: ${gaps[name]})`, test);
  }

  async function receive(name: QueueName, visibilitySeconds = 30): Promise<readonly Message[]> {
    return await queue.receive(name, { ...visible, visibilitySeconds });
  }

  async function receiveOne(name: QueueName, visibilitySeconds = 30): Promise<Message> {
    const [message, ...more] = await receive(name, visibilitySeconds);
    expect(more).toEqual([]);
    if (message === undefined) throw new Error(`Nothing to receive from ${name}`);
    return message;
  }

  contract('a message comes back as it was sent, whatever is in its text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), async (body) => {
        await queue.send('check', [{ body }]);
        const message = await receiveOne('check');
        expect(message.body).toEqual(JSON.parse(JSON.stringify(body)));
        expect(message).toMatchObject({ queue: 'check', receiveCount: 1 });
        await queue.acknowledge(message);
      }),
      { numRuns: 50, examples: [['\u0000\u0001\u001f\u007f\uffff\ufffe\ud800 <&>"\r\n']] },
    );
  });

  contract('an acknowledged message does not come again', async () => {
    await queue.send('check', [{ body: 1 }]);
    await queue.acknowledge(await receiveOne('check', 1));
    await subject.pass(1100);
    expect(await receive('check')).toEqual([]);
  });

  contract(
    'a message that is not acknowledged is visible again after its time, before the rest of its group',
    async () => {
      await queue.send('sync', [
        { body: 1, group: 'a' },
        { body: 2, group: 'a' },
      ]);
      const first = await receiveOne('sync', 1);
      expect(first).toMatchObject({ body: 1, receiveCount: 1 });
      expect(await receive('sync')).toEqual([]);
      await subject.pass(1100);
      const again = await receiveOne('sync');
      expect(again).toMatchObject({ id: first.id, body: 1, receiveCount: 2 });
      expect(again.receipt).not.toBe(first.receipt);
    },
  );

  contract('one message of a group is in flight at a time, in order, while other groups go on', async () => {
    await queue.send('sync', [
      { body: 'a1', group: 'a' },
      { body: 'a2', group: 'a' },
      { body: 'b1', group: 'b' },
    ]);
    await queue.send('sync', [{ body: 'a3', group: 'a' }]);
    const [a1, b1] = await receive('sync');
    expect([a1?.body, b1?.body]).toEqual(['a1', 'b1']);
    expect(await receive('sync')).toEqual([]);
    await queue.acknowledge(a1!);
    const a2 = await receiveOne('sync');
    expect(a2.body).toBe('a2');
    await queue.send('sync', [{ body: 'b2', group: 'b' }]);
    expect(await receive('sync')).toEqual([]);
    await queue.acknowledge(a2);
    expect((await receiveOne('sync')).body).toBe('a3');
  });

  contract('a group may be any text', async () => {
    const groups = ['https://github.com/acme/shop-deploy.git#main', 'ü 🙂', 'x'.repeat(1000), ' ', 'a', 'A'];
    await queue.send(
      'release',
      groups.map((group) => ({ body: group, group, deduplicationId: `${group} of any length ${'y'.repeat(500)}` })),
    );
    const received = await receive('release');
    expect(received.map(({ body }) => body).toSorted()).toEqual(groups.toSorted());
  });

  contract('a second message with the same deduplication id in the same group is dropped', async () => {
    const message = { body: 1, group: 'a', deduplicationId: 'delivery-1' };
    await queue.send('sync', [message, { ...message, body: 2 }]);
    await queue.send('sync', [{ ...message, body: 3 }]);
    await queue.acknowledge(await receiveOne('sync'));
    await queue.send('sync', [{ ...message, body: 4 }]);
    expect(await receive('sync')).toEqual([]);
  });

  contract('messages of another group, queue or deduplication id, or without one, are not dropped', async () => {
    const body = 'the same';
    await queue.send('release', [{ body, group: 'a', deduplicationId: '1' }]);
    await queue.send('sync', [
      { body, group: 'a', deduplicationId: '1' },
      { body, group: 'b', deduplicationId: '1' },
      { body, group: 'c', deduplicationId: '1' },
      { body, group: 'c', deduplicationId: '2' },
      { body, group: 'd' },
      { body, group: 'd' },
    ]);
    expect(await queue.depth('sync')).toEqual({ waiting: 6, inFlight: 0, dead: 0 });
  });

  contract('a deduplication id is forgotten after five minutes, not before', async () => {
    const message = { body: 1, group: 'a', deduplicationId: 'delivery-1' };
    await queue.send('sync', [message]);
    await subject.pass(5 * 60_000 - 1000);
    await queue.send('sync', [message]);
    expect((await queue.depth('sync')).waiting).toBe(1);
    await subject.pass(1000);
    await queue.send('sync', [message]);
    expect((await queue.depth('sync')).waiting).toBe(2);
  });

  contract('a delayed message waits unseen until its time', async () => {
    await queue.send('check', [{ body: 'later', delaySeconds: 1 }, { body: 'now' }]);
    const now = await receiveOne('check');
    expect(now.body).toBe('now');
    expect(await queue.depth('check')).toEqual({ waiting: 1, inFlight: 1, dead: 0 });
    await subject.pass(1100);
    expect((await receiveOne('check')).body).toBe('later');
  });

  contract('many messages of the standard queue are in flight at once, ten in one receive at most', async () => {
    await queue.send(
      'check',
      Array.from({ length: 15 }, (_, body) => ({ body })),
    );
    const first = await queue.receive('check', { ...visible, limit: 10 });
    const second = await queue.receive('check', { ...visible, limit: 10 });
    expect([first.length, second.length]).toEqual([10, 5]);
    expect(new Set([...first, ...second].map(({ body }) => body)).size).toBe(15);
    expect(await queue.depth('check')).toEqual({ waiting: 0, inFlight: 15, dead: 0 });
  });

  contract('after the fifth receive a message is dead, and its group goes on', async () => {
    await queue.send('sync', [
      { body: 'poison', group: 'a' },
      { body: 'next', group: 'a' },
    ]);
    for (let count = 1; count <= 5; count += 1) {
      const message = await receiveOne('sync');
      expect(message).toMatchObject({ body: 'poison', receiveCount: count });
      await queue.extend(message, 0);
    }
    expect(
      await eventually(
        () => receive('sync'),
        (messages) => messages.length > 0,
      ),
    ).toMatchObject([{ body: 'next', receiveCount: 1 }]);
    expect(await queue.depth('sync')).toEqual({ waiting: 0, inFlight: 1, dead: 1 });
  });

  contract('extend keeps a message from others for as long from now as it says', async () => {
    await queue.send('check', [{ body: 1 }]);
    const message = await receiveOne('check', 2);
    await subject.pass(1000);
    expect(await queue.extend(message, 3)).toBe(true);
    await subject.pass(2000);
    expect(await receive('check')).toEqual([]);
    await subject.pass(1200);
    expect(await receiveOne('check')).toMatchObject({ id: message.id, receiveCount: 2 });
  });

  contract('extend by 0 gives a message back at once', async () => {
    await queue.send('sync', [{ body: 1, group: 'a' }]);
    const message = await receiveOne('sync');
    expect(await queue.extend(message, 0)).toBe(true);
    expect(await receiveOne('sync')).toMatchObject({ id: message.id, receiveCount: 2 });
  });

  contract('a message that was given to another is not extended or acknowledged by who had it before', async () => {
    await queue.send('sync', [{ body: 1, group: 'a' }]);
    const before = await receiveOne('sync', 1);
    await subject.pass(1100);
    const after = await receiveOne('sync', 2);
    expect(await queue.extend(before, 60)).toBe(false);
    expect(await queue.extend(before, 0)).toBe(false);
    await queue.acknowledge(before);
    expect(await receive('sync')).toEqual([]);
    await subject.pass(2100);
    expect(await receiveOne('sync')).toMatchObject({ id: after.id, receiveCount: 3 });
  });

  contract('a message whose time is over is not extended', async () => {
    await queue.send('check', [{ body: 1 }]);
    const message = await receiveOne('check', 1);
    await subject.pass(1100);
    expect(await queue.extend(message, 60)).toBe(false);
    expect(await receiveOne('check')).toMatchObject({ receiveCount: 2 });
  });

  contract('an acknowledged message is not extended', async () => {
    await queue.send('sync', [{ body: 1, group: 'a' }]);
    const message = await receiveOne('sync');
    await queue.acknowledge(message);
    expect(await queue.extend(message, 60)).toBe(false);
    await queue.acknowledge(message);
  });

  contract('a receipt that was never given is not ours', async () => {
    await queue.send('sync', [{ body: 1, group: 'a' }]);
    const message = await receiveOne('sync');
    const stranger = { ...message, receipt: 'nonsense' };
    expect(await queue.extend(stranger, 0)).toBe(false);
    await queue.acknowledge(stranger);
    expect(await queue.depth('sync')).toEqual({ waiting: 0, inFlight: 1, dead: 0 });
  });

  contract('receive waits for the first message, and no longer than it was told', async () => {
    const began = Date.now();
    expect(await queue.receive('check', { ...visible, waitSeconds: 1 })).toEqual([]);
    expect(Date.now() - began).toBeGreaterThan(900);
    const received = queue.receive('check', { ...visible, waitSeconds: 10 });
    await sleep(200);
    await queue.send('check', [{ body: 'woken' }]);
    expect(await received).toMatchObject([{ body: 'woken' }]);
    expect(Date.now() - began).toBeLessThan(5000);
  });

  contract('receive wakes when a group goes on, a message is given back and a delay ends', async () => {
    const waiting = () => queue.receive('sync', { ...visible, waitSeconds: 10 });
    const began = Date.now();
    await queue.send('sync', [
      { body: 1, group: 'a' },
      { body: 2, group: 'a' },
    ]);
    const first = await receiveOne('sync');
    const second = waiting();
    await sleep(100);
    await queue.acknowledge(first);
    const [given] = await second;
    expect(given?.body).toBe(2);
    const third = waiting();
    await sleep(100);
    await queue.extend(given!, 0);
    expect(await third).toMatchObject([{ body: 2, receiveCount: 2 }]);
    await queue.send('check', [{ body: 3, delaySeconds: 1 }]);
    expect(await queue.receive('check', { ...visible, waitSeconds: 10 })).toMatchObject([{ body: 3 }]);
    expect(Date.now() - began).toBeLessThan(8000);
  });

  contract('receive ends with nothing when its signal is aborted', async () => {
    const controller = new AbortController();
    const began = Date.now();
    const received = queue.receive('sync', { ...visible, waitSeconds: 10, signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    expect(await received).toEqual([]);
    expect(await queue.receive('sync', { ...visible, waitSeconds: 10, signal: AbortSignal.abort() })).toEqual([]);
    expect(Date.now() - began).toBeLessThan(5000);
  });

  contract('a receive that was aborted takes no message with it', async () => {
    const controller = new AbortController();
    const received = queue.receive('sync', { ...visible, waitSeconds: 10, signal: controller.signal });
    await sleep(100);
    controller.abort();
    await received;
    await queue.send('sync', [{ body: 1, group: 'a' }]);
    expect((await receiveOne('sync')).body).toBe(1);
  });

  contract('500 messages go in one call, each once, each group in its order', async () => {
    await queue.send(
      'sync',
      Array.from({ length: 500 }, (_, index) => ({ body: index, group: `target-${index % 100}` })),
    );
    const taken = await drain(queue, 'sync', 4);
    expect(taken.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, index) => index));
    for (let group = 0; group < 100; group += 1) {
      const ofGroup = taken.map(Number).filter((index) => index % 100 === group);
      expect(ofGroup).toEqual(ofGroup.toSorted((a, b) => a - b));
    }
  });

  contract('concurrent receivers never hold two messages of a group, and finish each group in order', async () => {
    const groups = ['a', 'b', 'c', 'd', 'e'];
    const held = new Map<string, number>();
    const done = new Map<string, number[]>(groups.map((group) => [group, []]));
    for (let index = 0; index < 12; index += 1) {
      await queue.send(
        'sync',
        groups.map((group) => ({ body: { group, index }, group })),
      );
    }
    await drain(queue, 'sync', 6, async ({ body }) => {
      const { group, index } = body as { group: string; index: number };
      held.set(group, (held.get(group) ?? 0) + 1);
      expect(held.get(group)).toBe(1);
      await sleep((index * 7 + group.charCodeAt(0)) % 10);
      held.set(group, 0);
      done.get(group)?.push(index);
    });
    for (const group of groups) expect(done.get(group)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  contract('a message of 200 KB is sent, and of a call with a larger one nothing is', async () => {
    const fits = 'x'.repeat(200 * 1024 - 2);
    await queue.send('sync', [{ body: fits, group: 'a' }]);
    const refused = queue.send('sync', [
      { body: 'small', group: 'b' },
      { body: `${fits}y`, group: 'c' },
    ]);
    const failure = await refused.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({
      fault: 'server',
      message: 'Cannot send a message to queue "sync": it has 201 KB, 200 KB are allowed',
    });
    expect((await receiveOne('sync')).body).toBe(fits);
  });

  it.each([
    { queue: 'sync', message: { body: 1 } },
    { queue: 'sync', message: { body: 1, group: 'a', delaySeconds: 1 } },
    { queue: 'check', message: { body: 1, delaySeconds: 901 } },
    { queue: 'check', message: { body: undefined } },
  ] as const)('$message on $queue is a programming error', async ({ queue: name, message }) => {
    await expect(queue.send(name, [message])).rejects.toBeInstanceOf(TypeError);
  });

  it('nothing is sent by a call without messages', async () => {
    await queue.send('sync', []);
    expect(await queue.depth('sync')).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  const unknown = Object.keys(gaps).filter((name) => !tried.has(name));
  if (unknown.length > 0) throw new Error(`No such case: ${unknown.join(', ')}`);
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

async function eventually<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const value = await read();
    if (done(value) || attempt === 20) return value;
    await sleep(100);
  }
}
