import { describe, expect, it } from 'vitest';
import { workCheck } from '../../../lib/app/jobs/work-check.ts';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import { commit, createJobWorld, inProgress, type JobWorld, take } from './job-world.ts';

/** A run that has applied everything and waits for health. */
async function waitingRun(world: JobWorld, id = 'd1', head = commit('b')): Promise<string> {
  world.place('shop').health = inProgress('web');
  const [run = ''] = await world.push(id, head);
  await workSync(await take(world, 'sync'), world.ports);
  return run;
}

describe('a check', () => {
  it('that went to another worker meanwhile is left to it', async () => {
    const world = createJobWorld();
    const id = await waitingRun(world);
    world.advance(2);
    const mine = await take(world, 'check');
    world.advance(901);
    const theirs = await take(world, 'check');
    world.place('shop').health = { health: 'Current', waitingFor: [] };
    await workCheck(mine, world.ports);
    expect(await world.run(id)).toMatchObject({ status: 'running' });
    await workCheck(theirs, world.ports);
    expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
  });

  it('of a job whose run the store has lost is sent back', async () => {
    const [lost, world] = [createJobWorld(), createJobWorld()];
    await lost.push('d1', commit('b'));
    await world.ports.queue.send('check', [{ body: { kind: 'resend', job: (await take(lost, 'sync')).body } }]);
    await world.drain(0);
    expect(world.place('shop').applied).toHaveLength(1);
  });

  it('that is no job is acknowledged and logged', async () => {
    const world = createJobWorld();
    await world.ports.queue.send('check', [{ body: 'hello' }]);
    await world.drain(0);
    expect(await world.ports.queue.depth('check')).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
    expect(world.logged).toMatchObject([{ level: 'error', message: 'malformed message acknowledged', queue: 'check' }]);
  });

  it('that is delivered twice sends its job back once', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const job = await take(world, 'sync');
    await world.ports.queue.acknowledge(job);
    await world.ports.queue.send('check', [{ body: { kind: 'resend', job: job.body } }]);
    const first = await take(world, 'check');
    await workCheck(first, { ...world.ports, queue: { ...world.ports.queue, acknowledge: async () => undefined } });
    world.advance(61);
    await workCheck(await take(world, 'check'), world.ports);
    expect(await world.ports.queue.depth('sync')).toMatchObject({ waiting: 1 });
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
  });

  it('of a job whose run is over is dropped', async () => {
    const world = createJobWorld();
    await world.push('d1', commit('b'));
    const job = await take(world, 'sync');
    await workSync(job, world.ports);
    await world.ports.queue.send('check', [{ body: { kind: 'resend', job: job.body } }]);
    await world.drain();
    expect(world.place('shop').applied).toHaveLength(1);
  });
});
