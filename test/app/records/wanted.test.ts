import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readWanted, want } from '../../../lib/app/records/wanted.ts';
import { createJobWorld } from '../jobs/job-world.ts';

it('the order of arrival is the order of wanted, whatever the clocks say', async () => {
  const { store } = createJobWorld().ports;
  let target = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1000, max: 1010 }), { minLength: 1, maxLength: 20 }),
      async (clocks) => {
        const name = `shop-${target++}`;
        const places: number[] = [];
        for (const [index, now] of clocks.entries())
          places.push(await want(store, name, { delivery: `d${index}` }, now));
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
        expect(await readWanted(store, name)).toMatchObject({ at: places.at(-1), delivery: `d${clocks.length - 1}` });
      },
    ),
    { numRuns: 30 },
  );
});

it('deliveries of one moment have a place each', async () => {
  const { store } = createJobWorld().ports;
  const all = Array.from({ length: 12 }, (_, n) => want(store, 'shop', { delivery: `d${n}`, after: `${n}` }, 1000));
  const places = await Promise.all(all);
  expect(new Set(places).size).toBe(12);
  const newest = await readWanted(store, 'shop');
  expect(newest?.at).toBe(Math.max(...places));
  expect(newest?.after).toBe(`${places.indexOf(newest?.at ?? 0)}`);
});

it('a delivery that comes again keeps its place while it is the newest, and else gets a new one', async () => {
  const { store } = createJobWorld().ports;
  expect(await want(store, 'shop', { delivery: 'd1' }, 1000)).toBe(1000);
  expect(await want(store, 'shop', { delivery: 'd1' }, 1000)).toBe(1000);
  expect(await want(store, 'shop', { delivery: 'd2' }, 1005)).toBe(1005);
  expect(await want(store, 'shop', { delivery: 'd1' }, 1000)).toBe(1006);
});

it('gives up, by our own fault, when others are always faster', async () => {
  const { store } = createJobWorld().ports;
  const busy = { ...store, put: async () => false };
  await expect(want(busy, 'shop', { delivery: 'd1' }, 1000)).rejects.toMatchObject({ fault: 'server' });
});
