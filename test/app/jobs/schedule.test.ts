import { describe, expect, it } from 'vitest';
import { schedule } from '../../../lib/app/jobs/schedule.ts';
import type { SyncContext, Synced } from '../../../lib/app/outcome.ts';
import { readTargetState } from '../../../lib/app/records/target-state.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { formatRevision } from '../../../lib/domain/jobs/revision.ts';
import { commit, createJobWorld, inProgress, synced, targetsOf } from './job-world.ts';
import { minutesOfSyncs } from './minutes-of-syncs.ts';

const ours = new Failure('server', 'Cannot reach "git.example": connection refused');
const theirs = new Failure('user', 'Cannot render "a": no YAML');

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

  it('looks again a minute after a push was synced to a head that nobody announced, once', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', interval: 0 }));
    // A replica that is two pushes behind: its head is neither what was there before the last one nor what was applied last.
    await world.push('d1', commit('c'), { before: commit('b') });
    await world.push('d2', commit('d'), { before: commit('c') });
    world.place('shop').head = commit('b');
    await world.drain(0);
    expect(world.place('shop').applied).toEqual([commit('b')]);
    world.place('shop').head = commit('d');
    world.advance(59);
    expect(await schedule(10, world.ports)).toEqual([]);
    world.advance(1);
    const [id] = await schedule(10, world.ports);
    await world.drain(0);
    expect(await world.run(id)).toMatchObject({ status: 'succeeded', cause: { kind: 'retry', by: 'schedule' } });
    expect(world.place('shop').applied.at(-1)).toBe(commit('d'));
    world.advance(3600);
    expect(await schedule(10, world.ports)).toEqual([]);
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
    world.place('shop').health = inProgress('a');
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

  // Once 32 runs waited for slow Deployments, or for a git server that was down, no other target was swept any more.
  it.each([
    ['wait for health', { health: 'InProgress' } as const],
    ['wait to be tried again', ours],
  ])('takes runs that only %s for no work of the workers', async (_, outcome) => {
    const world = createJobWorld(targetsOf(...['a', 'b', 'c'].map((name) => ({ name }))));
    async function sync({ started }: SyncContext): Promise<Synced> {
      await started(formatRevision('main', commit('a')));
      if (outcome instanceof Failure) throw outcome;
      return synced(commit('a'), outcome);
    }
    Object.assign(world.ports, { sync });
    expect(await schedule(2, world.ports)).toHaveLength(2);
    expect(await schedule(2, world.ports)).toEqual([]);
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
});
