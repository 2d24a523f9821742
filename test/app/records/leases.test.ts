import { expect, it } from 'vitest';
import { leaseHolder, takeLease } from '../../../lib/app/records/leases.ts';
import { createJobWorld } from '../jobs/job-world.ts';

const mine = { target: 'shop', holder: 'test/run-1', token: 'mine' };
const theirs = { target: 'shop', holder: 'test/run-1', token: 'theirs' };

it('a lease is held by one, even of the same run, until it is given back', async () => {
  const { store, clock } = createJobWorld().ports;
  const lease = await takeLease(store, clock, mine);
  expect(lease).toBeDefined();
  expect(await takeLease(store, clock, theirs)).toBeUndefined();
  expect(await takeLease(store, clock, { ...theirs, target: 'web' })).toBeDefined();
  expect(await leaseHolder(store, 'shop')).toBe('test/run-1');
  await lease?.[Symbol.asyncDispose]();
  expect(await leaseHolder(store, 'shop')).toBeUndefined();
  expect(await takeLease(store, clock, theirs)).toBeDefined();
});

it('a lease that is renewed every 15 s is kept; one that is not is another one’s after 60 s', async () => {
  const world = createJobWorld();
  const { store, clock } = world.ports;
  const lease = await takeLease(store, clock, mine);
  for (let beats = 0; beats < 8; beats++) {
    world.advance(15);
    expect(await lease?.renew()).toBe(true);
  }
  world.advance(59);
  expect(await takeLease(store, clock, theirs)).toBeUndefined();
  world.advance(1.001);
  expect(await takeLease(store, clock, theirs)).toBeDefined();
  expect(await lease?.renew()).toBe(false);
  await lease?.[Symbol.asyncDispose]();
  expect(await leaseHolder(store, 'shop')).toBe('test/run-1');
});

it('a lease that has run out is not renewed, though nobody has taken it', async () => {
  const world = createJobWorld();
  const lease = await takeLease(world.ports.store, world.ports.clock, mine);
  world.advance(61);
  expect(await lease?.renew()).toBe(false);
});

it('a lease is ours if the store says no to the second of two requests for one put', async () => {
  const { store, clock } = createJobWorld().ports;
  const twice = {
    ...store,
    async put(...given: Parameters<typeof store.put>) {
      await store.put(...given);
      return await store.put(...given);
    },
  };
  expect(await takeLease(twice, clock, mine)).toBeDefined();
});

it('a lease that cannot be given back harms nobody', async () => {
  const { store, clock } = createJobWorld().ports;
  const lease = await takeLease({ ...store, delete: () => Promise.reject(new Error('no answer')) }, clock, mine);
  await expect(lease?.[Symbol.asyncDispose]()).resolves.toBeUndefined();
});
