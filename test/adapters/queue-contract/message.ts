import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { Failure } from '../../../lib/domain/failure.ts';
import type { QueueCases } from './cases.ts';

/** What a message may be. */
export function messageCases(given: QueueCases): void {
  given.contract('a message comes back as it was sent, whatever is in its text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), async (body) => {
        await given.queue.send('check', [{ body }]);
        const message = await given.receiveOne('check');
        expect(message.body).toEqual(JSON.parse(JSON.stringify(body)));
        expect(message).toMatchObject({ queue: 'check', receiveCount: 1 });
        await given.queue.acknowledge(message);
      }),
      { numRuns: 50, examples: [['\u0000\u0001\u001f\u007f\uffff\ufffe\ud800 <&>"\r\n']] },
    );
  });

  given.contract('a message of 200 KB is sent, and of a call with a larger one nothing is', async () => {
    const fits = 'x'.repeat(200 * 1024 - 2);
    await given.queue.send('sync', [{ body: fits, group: 'a' }]);
    const refused = given.queue.send('sync', [
      { body: 'small', group: 'b' },
      { body: `${fits}y`, group: 'c' },
    ]);
    const failure = await refused.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({
      fault: 'server',
      message: 'Cannot send a message to queue "sync": it has 201 KB, 200 KB are allowed',
    });
    expect((await given.receiveOne('sync')).body).toBe(fits);
  });

  it.each([
    { queue: 'sync', message: { body: 1 } },
    { queue: 'sync', message: { body: 1, group: 'a', delaySeconds: 1 } },
    { queue: 'check', message: { body: 1, delaySeconds: 901 } },
    { queue: 'check', message: { body: undefined } },
  ] as const)('$message on $queue is a programming error', async ({ queue: name, message }) => {
    await expect(given.queue.send(name, [message])).rejects.toBeInstanceOf(TypeError);
  });

  it('nothing is sent by a call without messages', async () => {
    await given.queue.send('sync', []);
    expect(await given.queue.depth('sync')).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });
}
