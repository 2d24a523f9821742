import { expect, it } from 'vitest';
import { schedule } from '../../../lib/app/jobs/schedule.ts';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import type { SyncContext } from '../../../lib/app/outcome.ts';
import { listRuns } from '../../../lib/app/records/run-list.ts';
import { readTargetState } from '../../../lib/app/records/target-state.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { commit, createJobWorld, type JobWorld, synced, take } from './job-world.ts';

import { killedAt } from './kill.ts';

it('a job at which four workers died ends its run when it comes for the fifth time, and the target is tried again', async () => {
  const world = createJobWorld();
  const [id] = await world.push('d1', commit('b'));
  await workersDie(4, world);
  await world.drain(0);
  expect(await world.run(id)).toMatchObject({
    status: 'failed',
    error: { fault: 'server', message: `Cannot finish run "${id}": 4 workers died at it` },
  });
  expect(world.logged).toContainEqual(expect.objectContaining({ level: 'error', message: 'alarm: workers died' }));
  expect(await world.ports.queue.depth('sync')).toMatchObject({ waiting: 0, dead: 0 });
  world.advance(300);
  await schedule(10, world.ports);
  await world.drain(0);
  expect(world.place('shop').applied.at(-1)).toBe(commit('b'));
});

it('a worker that dies even then leaves a dead letter, and schedule ends its run and tries the target again', async () => {
  const world = createJobWorld();
  const [id] = await world.push('d1', commit('b'));
  await workersDie(4, world);
  const last = await take(world, 'sync');
  await workSync(last, killedAt(4, world.ports).ports).catch(() => undefined);
  world.advance(61);
  expect(await world.next('sync')).toBeUndefined();
  expect(await world.ports.queue.depth('sync')).toMatchObject({ dead: 1 });
  for (let minutes = 0; minutes < 40; minutes++) {
    await schedule(10, world.ports);
    await world.drain(0);
    world.advance(60);
  }
  expect(await world.run(id)).toMatchObject({ status: 'failed', error: { fault: 'server' } });
  expect(world.logged).toContainEqual(expect.objectContaining({ level: 'error', message: 'alarm: stale run ended' }));
  expect(world.place('shop').applied.at(-1)).toBe(commit('b'));
});

async function workersDie(deaths: number, world: JobWorld): Promise<void> {
  for (let death = 0; death < deaths; death++) {
    const message = await take(world, 'sync');
    await workSync(message, killedAt(9, world.ports).ports).catch(() => undefined);
    world.advance(61);
  }
}

it.each(['asks', 'does not ask'])(
  'a worker that was frozen, wakes up when another has synced and %s whether it still holds its lease, writes nothing',
  async (asks) => {
    const world = createJobWorld();
    const [first] = await world.push('d1', commit('b'));
    const runs: (string | undefined)[] = [first];
    let refusal: unknown;
    async function sync({ started, held }: SyncContext) {
      await started(`main@sha1:${commit('b')}`);
      world.advance(62);
      runs.push(...(await world.push('d2', commit('c'))));
      await world.drain(30);
      try {
        if (asks === 'asks') held();
      } catch (error) {
        refusal = error;
      }
      return synced(commit('b'));
    }
    await workSync(await take(world, 'sync'), { ...world.ports, sync });
    const revision = `main@sha1:${commit('c')}`;
    expect(await world.run(first)).toMatchObject({ status: 'succeeded', revision });
    expect(await world.run(runs[1])).toMatchObject({ status: 'skipped', supersededBy: first });
    expect(await readTargetState(world.ports.store, 'shop')).toMatchObject({ succeeded: { run: first, revision } });
    expect(refusal instanceof Failure && refusal.message).toBe(
      asks === 'asks' && 'Cannot finish the sync of "shop": its lease has run out',
    );
    expect(world.logged.at(-1)).toMatchObject({ message: 'sync given up: its lease or its message was lost' });
  },
);

it('a worker that lost its lease has the target compared once more: what it had on the way may land late', async () => {
  const world = createJobWorld();
  await world.push('d1', commit('b'));
  const here = world.place('shop');
  async function sync({ started }: SyncContext) {
    await started(`main@sha1:${commit('b')}`);
    world.advance(62);
    await world.push('d2', commit('c'));
    await world.drain(30);
    here.applied.push(commit('b'));
    return synced(commit('b'));
  }
  await workSync(await take(world, 'sync'), { ...world.ports, sync });
  await world.drain(30);
  expect(here.applied).toEqual([commit('c'), commit('b'), commit('c')]);
  const { runs } = await listRuns(world.ports.store, { target: 'shop' }, world.now());
  const compared = runs.find(({ cause }) => cause.kind === 'retry');
  expect(compared).toMatchObject({ status: 'succeeded', cause: { by: 'lost lease' } });
});

it('a worker that lost its lease before it had begun leaves it at that', async () => {
  const world = createJobWorld();
  await world.push('d1', commit('b'));
  async function sync() {
    world.advance(62);
    await world.drain(30);
    return synced(commit('b'));
  }
  await workSync(await take(world, 'sync'), { ...world.ports, sync });
  await world.drain(30);
  expect(world.place('shop').applied).toEqual([commit('b')]);
});
