import { expect, it } from 'vitest';
import { requestSync } from '../../../lib/app/jobs/request-sync.ts';
import { getRun } from '../../../lib/app/records/runs.ts';
import { commit, createJobWorld, targetsOf } from './job-world.ts';

it('a sync that is asked for has its run at once, and compares although nothing was pushed', async () => {
  const world = createJobWorld();
  await world.push('d1', commit('b'));
  await world.drain();
  const run = await requestSync('shop', { by: 'ci' }, world.ports);
  expect(run).toMatchObject({ status: 'queued', cause: { kind: 'manual', by: 'ci' } });
  expect(await getRun(world.ports.store, run.id)).toEqual(run);
  await world.drain();
  expect(await world.run(run.id)).toMatchObject({ status: 'succeeded', changes: { unchanged: 1 } });
});

it('two syncs that are asked for in one moment are two', async () => {
  const world = createJobWorld();
  const runs = await Promise.all([
    requestSync('shop', { by: 'ci' }, world.ports),
    requestSync('shop', { by: 'ci' }, world.ports),
  ]);
  await world.drain();
  expect(new Set(runs.map(({ id }) => id)).size).toBe(2);
  expect(world.place('shop').applied).toHaveLength(2);
});

it('a sync that shall take the target over says so to whoever does it', async () => {
  const world = createJobWorld();
  await requestSync('shop', { by: 'ci', takeOver: true }, world.ports);
  expect((await world.next('sync'))?.body).toMatchObject({ target: 'shop', takeOver: true });
});

it.each([
  ['nobody', {}, 'missing', 'Cannot sync "nobody": there is no such target'],
  ['shop', { suspend: true }, 'user', 'Cannot sync "shop": it is suspended'],
])('a sync of %s with %o is refused', async (target, settings, fault, message) => {
  const world = createJobWorld(targetsOf({ name: 'shop', ...settings }));
  await expect(requestSync(target, { by: 'ci' }, world.ports)).rejects.toMatchObject({ fault, message });
});
