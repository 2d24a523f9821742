import { describe, expect, it } from 'vitest';
import { schedule } from '../../../lib/app/jobs/schedule.ts';
import { takeBack } from '../../../lib/app/jobs/take-back.ts';
import { takeLease } from '../../../lib/app/records/leases.ts';
import { stepRun } from '../../../lib/app/records/runs.ts';
import { startRun } from '../../../lib/domain/jobs/run.ts';
import { commit, createJobWorld, inProgress, take } from './job-world.ts';

describe('the start of a process that owns the store', () => {
  it('takes back what its predecessor was at: it goes on within a second', async () => {
    const world = createJobWorld();
    const { store, queue, clock } = world.ports;
    const [id = ''] = await world.push('d1', commit('b'));
    await take(world, 'sync');
    await takeLease(store, clock, { target: 'shop', holder: `test/${id}`, token: 't' });
    await stepRun(store, id, clock(), (run) => startRun(run, `main@sha1:${commit('b')}`, clock()));
    queue.takeBack();
    expect(await takeBack(store, clock)).toBe(1);
    expect(await world.run(id)).toMatchObject({ status: 'queued' });
    await world.drain(0);
    expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
  });

  it('leaves a run alone that waits for health: its look is in the queue', async () => {
    const world = createJobWorld();
    world.place('shop').health = inProgress('a');
    const [id] = await world.push('d1', commit('b'));
    await world.drain(0);
    expect(await takeBack(world.ports.store, world.ports.clock)).toBe(0);
    expect(await world.run(id)).toMatchObject({ status: 'running', phase: 'waiting' });
  });

  it.each([
    ['waits for health', inProgress('a'), 'succeeded'],
    ['is queued', undefined, 'succeeded'],
  ] as const)('gives a run that %s its time, however long nobody was there', async (_, health, status) => {
    const world = createJobWorld();
    const { store, clock } = world.ports;
    const [id] = await world.push('d1', commit('b'));
    if (health !== undefined) {
      world.place('shop').health = health;
      await world.drain(0);
      world.place('shop').health = { health: 'Current', waitingFor: [] };
    }
    world.advance(2 * 3600);
    await takeBack(store, clock);
    await schedule(10, world.ports);
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status });
  });
});
