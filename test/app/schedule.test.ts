import { describe, expect, it } from 'vitest';
import { takeLease } from '../../lib/app/leases.ts';
import { findOpenRuns } from '../../lib/app/open-runs.ts';
import type { Message } from '../../lib/app/ports.ts';
import { requestSync } from '../../lib/app/request-sync.ts';
import { runPartition } from '../../lib/app/run-partitions.ts';
import { createRun, stepRun } from '../../lib/app/runs.ts';
import { schedule } from '../../lib/app/schedule.ts';
import { takeBack } from '../../lib/app/take-back.ts';
import { readTargetState, readTargetStates } from '../../lib/app/target-state.ts';
import { Failure } from '../../lib/domain/failure.ts';
import { endRun, queueRun, startRun } from '../../lib/domain/run.ts';
import { runIdOf } from '../../lib/domain/run-id.ts';
import { commit, createJobWorld, type JobWorld, take, targetsOf } from './job-world.ts';

const theirs = new Failure('user', 'Cannot render "a": no YAML');

/** Ticks every minute and does what is queued; the minutes at which a target was synced, from the start. */
async function minutesOfSyncs(world: JobWorld, minutes: number, capacity = 10): Promise<number[]> {
  const synced: number[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    for (const id of await schedule(capacity, world.ports)) {
      synced.push(minute);
      expect((await world.run(id)).status).toBe('queued');
    }
    await world.drain(0);
    world.advance(60);
  }
  return synced;
}

describe('schedule', () => {
  it('syncs a target that never was, and then once in each interval', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', interval: '20m' }));
    const synced = await minutesOfSyncs(world, 62);
    expect(synced).toHaveLength(4);
    expect(synced[0]).toBe(0);
    for (const [index, minute] of synced.slice(1).entries()) {
      expect(minute - (synced[index] ?? 0)).toBeGreaterThanOrEqual(18);
      expect(minute - (synced[index] ?? 0)).toBeLessThanOrEqual(20);
    }
  });

  it('counts a push as a sync, and compares with the cluster when it sweeps', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', interval: '20m' }));
    await world.push('d1', commit('b'));
    await world.drain();
    expect(await minutesOfSyncs(world, 17)).toEqual([]);
    world.advance(180);
    const [id] = await schedule(10, world.ports);
    await world.drain();
    expect(await world.run(id)).toMatchObject({
      status: 'succeeded',
      cause: { kind: 'sweep', by: 'schedule' },
      changes: { unchanged: 1 },
    });
  });

  it.each([
    ['is suspended', { suspend: true }],
    ['has interval 0', { interval: 0 }],
  ])('leaves a target alone that %s', async (_, settings) => {
    const world = createJobWorld(targetsOf({ name: 'shop', ...settings }));
    expect(await minutesOfSyncs(world, 30)).toEqual([]);
  });

  it('does not queue what is queued, running or waiting', async () => {
    const world = createJobWorld();
    expect(await schedule(10, world.ports)).toHaveLength(1);
    world.advance(60);
    expect(await schedule(10, world.ports)).toEqual([]);
    world.place('shop').health = { health: 'InProgress', waitingFor: ['a'] };
    await world.drain(0);
    world.advance(60);
    expect(await schedule(10, world.ports)).toEqual([]);
  });

  it('sends no more than the workers can take, the longest due first, and the rest later', async () => {
    const world = createJobWorld(targetsOf(...['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }))));
    expect(await schedule(2, world.ports)).toHaveLength(2);
    expect(await schedule(2, world.ports)).toEqual([]);
    await world.drain(0);
    world.advance(60);
    expect(await schedule(2, world.ports)).toHaveLength(2);
    await world.drain(0);
    expect(await schedule(2, world.ports)).toHaveLength(1);
  });

  it('tries a failed target again after its retryInterval, doubling up to its interval', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', retryInterval: '5m', interval: '30m' }));
    Object.assign(world.ports, { sync: () => Promise.reject(theirs) });
    await world.push('d1', commit('b'));
    await world.drain(0);
    const [first, second, third, ...more] = await minutesOfSyncs(world, 100);
    expect([first, second, third]).toEqual([5, 15, 35]);
    expect(more).toHaveLength(2);
    for (const [index, minute] of more.entries()) {
      const before = more[index - 1] ?? third ?? 0;
      expect(minute - before).toBeGreaterThanOrEqual(27);
      expect(minute - before).toBeLessThanOrEqual(30);
    }
    const state = await readTargetState(world.ports.store, 'shop');
    expect(state.failure).toMatchObject({ count: 6, error: { message: theirs.message } });
  });

  it('forgets failures when a run succeeds', async () => {
    const world = createJobWorld();
    const { sync } = world.ports;
    Object.assign(world.ports, { sync: () => Promise.reject(theirs) });
    await world.push('d1', commit('b'));
    await world.drain(0);
    Object.assign(world.ports, { sync });
    expect(await minutesOfSyncs(world, 8)).toEqual([5]);
    expect(await readTargetState(world.ports.store, 'shop')).not.toHaveProperty('failure');
  });

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
    world.place('shop').health = { health: 'InProgress', waitingFor: ['a'] };
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

describe('the open runs', () => {
  it('are found among more than one page of runs, and states of more than one page of targets', async () => {
    const world = createJobWorld();
    const { store } = world.ports;
    const begun = await Promise.all(
      Array.from({ length: 502 }, async (_, n) => {
        const id = runIdOf(world.now() + n, []);
        const run = { id, target: 'shop', status: n === 0 || n === 501 ? 'queued' : 'failed' };
        await store.put({ partition: runPartition(world.now()), sort: id, order: 1, body: { run, writtenAt: 0 } });
        await store.put({ partition: 'targets', sort: `t${n}`, order: 1, body: { target: `t${n}` } });
        return id;
      }),
    );
    const open = await findOpenRuns(store, world.now());
    expect(open.map(({ run }) => run.id)).toEqual([begun[0], begun[501]]);
    expect((await readTargetStates(store)).size).toBe(502);
  });

  it('are found over the turn of a month and days later, and those that are over are not looked at again', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', interval: 0 }));
    world.advance(30 * 86_400 + 13 * 3600 + 3599);
    const id = await runningRun(world);
    expect((await findOpenRuns(world.ports.store, world.now())).map(({ run }) => run.id)).toEqual([id]);
    world.advance(5 * 86_400);
    const later = await requestSync('shop', { by: 'ci' }, world.ports);
    expect((await findOpenRuns(world.ports.store, world.now())).map(({ run }) => run.id)).toEqual([id, later.id]);
    await stepRun(world.ports.store, id, world.now(), (run) => endRun(run, 'failed', world.now()));
    await findOpenRuns(world.ports.store, world.now());
    await findOpenRuns(world.ports.store, world.now());
    expect((await world.ports.store.get('schedule', 'open-runs'))?.order).toBe(world.now() - 600_000);
  });
});

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
    world.place('shop').health = { health: 'InProgress', waitingFor: ['a'] };
    const [id] = await world.push('d1', commit('b'));
    await world.drain(0);
    expect(await takeBack(world.ports.store, world.ports.clock)).toBe(0);
    expect(await world.run(id)).toMatchObject({ status: 'running', phase: 'waiting' });
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
