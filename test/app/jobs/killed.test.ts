import { describe, expect, it } from 'vitest';
import { receive } from '../../../lib/app/jobs/receive.ts';
import { schedule } from '../../../lib/app/jobs/schedule.ts';
import { workCheck } from '../../../lib/app/jobs/work-check.ts';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import { listRuns } from '../../../lib/app/records/run-list.ts';
import { readTargetState } from '../../../lib/app/records/target-state.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { commit, createJobWorld, inProgress, take } from './job-world.ts';

import { expectSettled, killEverywhere, killedAt } from './kill.ts';

describe('a kill at any call', () => {
  it('of receive loses nothing: the delivery sent again is one run and one sync', async () => {
    const kills = await killEverywhere(async (killAt) => {
      const world = createJobWorld();
      world.place('shop').head = commit('b');
      const delivery = world.delivery('d1', commit('b'), { before: commit('a') });
      const mortal = killedAt(killAt, world.ports);
      await receive(delivery, mortal.ports).catch(() => undefined);
      world.advance(10);
      const { runs } = await receive(delivery, world.ports);
      await world.drain();
      await expectSettled(world);
      expect((await listRuns(world.ports.store, {}, world.now())).runs.map(({ id }) => id)).toEqual(runs);
      expect(await world.run(runs[0])).toMatchObject({ status: 'succeeded' });
      expect(world.place('shop').applied).toEqual([commit('b')]);
      return mortal.isDead();
    });
    expect(kills).toBeGreaterThan(5);
  });

  it('of receive, between two pushes, keeps the second: its head is applied whenever the first is told again', async () => {
    await killEverywhere(async (killAt) => {
      const world = createJobWorld();
      const first = world.delivery('d1', commit('b'), { before: commit('a') });
      const mortal = killedAt(killAt, world.ports);
      await receive(first, mortal.ports).catch(() => undefined);
      const [second] = await world.push('d2', commit('c'), { before: commit('b') });
      const { runs } = await receive(first, world.ports);
      await world.drain();
      await expectSettled(world);
      expect(world.place('shop').applied.at(-1)).toBe(commit('c'));
      const ended = await Promise.all([world.run(runs[0]), world.run(second)]);
      for (const { status } of ended) expect(['succeeded', 'skipped']).toContain(status);
      return mortal.isDead();
    });
  });

  it('of a sync is completed by the next delivery of its message', async () => {
    const kills = await killEverywhere(async (killAt) => {
      const world = createJobWorld();
      const [id] = await world.push('d1', commit('b'));
      const mortal = killedAt(killAt, world.ports);
      await workSync(await take(world, 'sync'), mortal.ports).catch(() => undefined);
      await world.drain();
      await expectSettled(world);
      expect(await world.run(id)).toMatchObject({ status: 'succeeded', revision: `main@sha1:${commit('b')}` });
      expect(world.place('shop').applied).toContain(commit('b'));
      expect(await readTargetState(world.ports.store, 'shop')).toMatchObject({
        succeeded: { run: id, revision: `main@sha1:${commit('b')}` },
        last: { run: id, status: 'succeeded' },
      });
      return mortal.isDead();
    });
    expect(kills).toBeGreaterThan(12);
  });

  it('of a sync, followed by a revert, leaves the target at the reverted state', async () => {
    await killEverywhere(async (killAt) => {
      const world = createJobWorld();
      await world.push('d1', commit('a'));
      await world.drain();
      const [id] = await world.push('d2', commit('b'), { before: commit('a') });
      const mortal = killedAt(killAt, world.ports);
      await workSync(await take(world, 'sync'), mortal.ports).catch(() => undefined);
      const [revert] = await world.push('d3', commit('c'), { before: commit('b') });
      await world.drain();
      await expectSettled(world);
      expect(world.place('shop').applied.at(-1)).toBe(commit('c'));
      for (const run of [id, revert]) expect(['succeeded', 'skipped']).toContain((await world.run(run)).status);
      return mortal.isDead();
    });
  });

  it('of a sync that failed ends its run as failed, and counts one failure', async () => {
    await killEverywhere(async (killAt) => {
      const world = createJobWorld();
      const [id] = await world.push('d1', commit('b'));
      Object.assign(world.ports, { sync: () => Promise.reject(new Failure('user', 'Cannot render "a": no YAML')) });
      const mortal = killedAt(killAt, world.ports);
      await workSync(await take(world, 'sync'), mortal.ports).catch(() => undefined);
      await world.drain();
      await expectSettled(world);
      expect(await world.run(id)).toMatchObject({ status: 'failed', error: { fault: 'user' } });
      expect((await world.ports.store.get('targets', 'shop'))?.body).toMatchObject({ failure: { run: id, count: 1 } });
      return mortal.isDead();
    });
  });

  it('of a sync that is tried again is tried again', async () => {
    await killEverywhere(async (killAt) => {
      const world = createJobWorld();
      const [id] = await world.push('d1', commit('b'));
      const refused = () => Promise.reject(new Failure('server', 'Cannot reach "git.example": refused'));
      const mortal = killedAt(killAt, { ...world.ports, sync: refused });
      await workSync(await take(world, 'sync'), mortal.ports).catch(() => undefined);
      await world.drain();
      await expectSettled(world);
      expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
      return mortal.isDead();
    });
  });

  it('of a sync that supersedes a waiting run, or of the looks at its health, ends both runs', async () => {
    await killEverywhere(async (killAt) => {
      const world = createJobWorld();
      world.place('shop').health = inProgress('web');
      const [first] = await world.push('d1', commit('a'));
      await workSync(await take(world, 'sync'), world.ports);
      const [second] = await world.push('d2', commit('b'));
      const mortal = killedAt(killAt, world.ports);
      await workSync(await take(world, 'sync'), mortal.ports).catch(() => undefined);
      await world.drain(4);
      world.place('shop').health = { health: 'Current', waitingFor: [] };
      await world.drain();
      await expectSettled(world);
      const [waited, last] = [await world.run(first), await world.run(second)];
      // Killed before it began, the second comes again when the first has become healthy.
      if (waited.status !== 'succeeded') expect(waited).toMatchObject({ status: 'skipped', supersededBy: second });
      expect(last).toMatchObject({ status: 'succeeded', revision: `main@sha1:${commit('b')}` });
      return mortal.isDead();
    });
  });

  it.each([
    ['Current', { health: 'Current', waitingFor: [] }, 'succeeded'],
    ['InProgress', inProgress('a'), 'failed'],
    ['Failed', { health: 'InProgress', waitingFor: [], error: new Failure('user', 'Cannot run "a"') }, 'failed'],
  ] as const)('of a look that finds %s ends the run all the same', async (_, health, status) => {
    await killEverywhere(async (killAt) => {
      const world = createJobWorld();
      world.place('shop').health = inProgress('a');
      const [id] = await world.push('d1', commit('a'));
      await workSync(await take(world, 'sync'), world.ports);
      world.advance(2);
      world.place('shop').health = health;
      const mortal = killedAt(killAt, world.ports);
      await workCheck(await take(world, 'check'), mortal.ports).catch(() => undefined);
      await world.drain();
      await expectSettled(world);
      expect(await world.run(id)).toMatchObject({ status });
      return mortal.isDead();
    });
  });

  it('of schedule leaves no run that is never taken up', async () => {
    await killEverywhere(async (killAt) => {
      const world = createJobWorld();
      world.place('shop').head = commit('b');
      const mortal = killedAt(killAt, world.ports);
      await schedule(10, mortal.ports).catch(() => undefined);
      for (let minutes = 0; minutes < 40; minutes++) {
        await schedule(10, world.ports);
        await world.drain(0);
        world.advance(60);
      }
      await expectSettled(world);
      expect(world.place('shop').applied.at(-1)).toBe(commit('b'));
      const statuses = (await listRuns(world.ports.store, {}, world.now())).runs.map(({ status }) => status);
      expect(statuses).toContain('succeeded');
      return mortal.isDead();
    });
  });
});
