import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { mapInFlight } from '../../lib/app/in-flight.ts';

it('results come in the order of the items, whichever ends first: a run is recorded the same way twice', async () => {
  const running = { now: 0, most: 0 };
  const results = await mapInFlight([30, 0, 20, 0, 10], 3, async (milliseconds) => {
    running.most = Math.max(running.most, ++running.now);
    await sleep(milliseconds);
    running.now--;
    return milliseconds;
  });
  expect(results).toEqual([30, 0, 20, 0, 10]);
  expect(running.most).toBe(3);
});

it('a task that throws, at once or later, ends the others after those under way', async () => {
  const begun: number[] = [];
  const failing = mapInFlight([1, 2, 3, 4], 2, (item) => {
    begun.push(item);
    if (item === 1) throw new Error('one');
    return sleep(10);
  });
  await expect(failing).rejects.toThrow('one');
  expect(begun).toEqual([1, 2]);
});
