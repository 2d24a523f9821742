import { describe, expect, it } from 'vitest';
import { requestSync } from '../../../lib/app/jobs/request-sync.ts';
import { schedule } from '../../../lib/app/jobs/schedule.ts';
import type { Message } from '../../../lib/app/ports.ts';
import { takeLease } from '../../../lib/app/records/leases.ts';
import { createRun, stepRun } from '../../../lib/app/records/runs.ts';
import { readTargetState } from '../../../lib/app/records/target-state.ts';
import { queueRun, startRun } from '../../../lib/domain/jobs/run.ts';
import { runIdOf } from '../../../lib/domain/jobs/run-id.ts';
import { commit, createJobWorld, inProgress, type JobWorld, take, targetsOf } from './job-world.ts';
import { minutesOfSyncs } from './minutes-of-syncs.ts';

describe('schedule', () => {
  it('ends a queued run whose job was lost, later than any delay, and tries the target again', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', timeout: '5m', interval: 0, retryInterval: '5m' }));
    const id = runIdOf(world.now(), ['lost']);
    const cause = { kind: 'manual', by: 'ci' } as const;
    await createRun(
      world.ports.store,
      queueRun({ kind: 'sync', target: 'shop', run: id, cause, attempt: 0 }, world.now()),
      world.now(),
    );
    world.advance(19 * 60);
    await schedule(10, world.ports);
    expect(await world.run(id)).toMatchObject({ status: 'queued' });
    world.advance(120);
    await schedule(10, world.ports);
    expect(await world.run(id)).toMatchObject({
      status: 'failed',
      error: { fault: 'server', message: `Cannot finish run "${id}": no worker has taken it up for 21 min` },
    });
    expect(await minutesOfSyncs(world, 8)).toEqual([5]);
  });

  it('ends a running run that is older than its timeout, unless its worker still holds the lease', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', timeout: '1m' }));
    const { store, clock } = world.ports;
    const id = await runningRun(world);
    world.advance(61);
    const request = { target: 'shop', holder: `test/${id}`, token: 't' };
    const lease = await takeLease(store, clock, request);
    await schedule(10, world.ports);
    expect(await world.run(id)).toMatchObject({ status: 'running' });
    await lease?.[Symbol.asyncDispose]();
    await schedule(10, world.ports);
    expect(await world.run(id)).toMatchObject({
      status: 'failed',
      error: { fault: 'server', message: `Cannot finish run "${id}": its worker has not been heard of for 1 min` },
    });
  });

  it('ends a waiting run whose looks have stopped', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', timeout: '1m' }));
    world.place('shop').health = inProgress('a');
    const [id] = await world.push('d1', commit('b'));
    await world.drain(0);
    await world.ports.queue.acknowledge(await later(world, 2));
    world.advance(178);
    await schedule(10, world.ports);
    expect(await world.run(id)).toMatchObject({ status: 'running', phase: 'waiting' });
    world.advance(10);
    await schedule(10, world.ports);
    expect(await world.run(id)).toMatchObject({ status: 'failed', error: { fault: 'server' } });
    expect(await readTargetState(world.ports.store, 'shop')).toMatchObject({ failure: { run: id } });
  });

  it('ends the open run of a target that left the settings', async () => {
    const world = createJobWorld();
    const id = await runningRun(world);
    world.advance(60);
    await schedule(10, { ...world.ports, targets: new Map() });
    expect(await world.run(id)).toMatchObject({ status: 'failed', error: { fault: 'missing' } });
  });

  it('does not blame the target for a stale run when a newer one has begun since', async () => {
    const world = createJobWorld();
    const id = await runningRun(world);
    world.advance(1);
    const newer = await requestSync('shop', { by: 'ci' }, world.ports);
    await world.drain(0);
    world.advance(400);
    await schedule(10, world.ports);
    expect(await world.run(id)).toMatchObject({ status: 'failed' });
    const state = await readTargetState(world.ports.store, 'shop');
    expect(state).toMatchObject({ succeeded: { run: newer.id } });
    expect(state).not.toHaveProperty('failure');
  });
});

/** A run whose worker has just died, and its message with it. */
async function runningRun(world: JobWorld): Promise<string> {
  const { id } = await requestSync('shop', { by: 'ci' }, world.ports);
  await world.ports.queue.acknowledge(await take(world, 'sync'));
  await stepRun(world.ports.store, id, world.now(), (run) => startRun(run, `main@sha1:${commit('b')}`, world.now()));
  return id;
}

async function later(world: JobWorld, seconds: number): Promise<Message> {
  world.advance(seconds);
  return await take(world, 'check');
}
