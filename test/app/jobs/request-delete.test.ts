import { describe, expect, it } from 'vitest';
import { requestDelete } from '../../../lib/app/jobs/request-delete.ts';
import { requestSync } from '../../../lib/app/jobs/request-sync.ts';
import { schedule } from '../../../lib/app/jobs/schedule.ts';
import { sendAgain } from '../../../lib/app/jobs/send-jobs.ts';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import type { SyncContext, SyncOutcome } from '../../../lib/app/outcome.ts';
import { findUses } from '../../../lib/app/records/image-index.ts';
import { indexImages } from '../../../lib/app/records/index-images.ts';
import { getRun } from '../../../lib/app/records/runs.ts';
import { readTargetState } from '../../../lib/app/records/target-state.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { SyncJob } from '../../../lib/domain/jobs/job.ts';
import { noChanges } from '../../../lib/domain/jobs/run.ts';
import { commit, createJobWorld, type JobWorld, synced, take, targetsOf } from './job-world.ts';
import { expectSettled, killEverywhere, killedAt } from './kill.ts';

const by = 'boss';

/** A world in which a deletion empties the place, or ends as `outcome` says; `removed` are the jobs that were done. */
function createWorld(outcome?: () => SyncOutcome | Failure, targets = targetsOf({ name: 'shop' })) {
  const world = createJobWorld(targets);
  const removed: { remove: string; applied: string | undefined }[] = [];
  const { sync } = world.ports;
  Object.assign(world.ports, {
    async sync(context: SyncContext): Promise<SyncOutcome> {
      const { job, applied, started, target } = context;
      if (job.remove === undefined) return await sync(context);
      await started(applied ?? `main@sha1:${'0'.repeat(40)}`);
      removed.push({ remove: job.remove, applied });
      const ended = outcome?.();
      if (ended instanceof Failure) throw ended;
      if (ended !== undefined) return ended;
      world.place(target.name).applied.length = 0;
      return synced(commit('0'), { changes: { ...noChanges, deleted: 1 } });
    },
  });
  return Object.assign(world, { removed });
}

async function apply(world: JobWorld): Promise<void> {
  await world.push('d1', commit('b'));
  await world.drain();
}

it('a deletion takes the target out of the image index', async () => {
  const world = createWorld();
  await apply(world);
  const workloads = [{ id: 'a:deployment/web', policies: {}, containers: [{ name: 'app', image: 'acme/web:1' }] }];
  const source = { url: 'https://github.com/acme/shop.git', branch: 'main' };
  const { store } = world.ports;
  await indexImages(store, { name: 'shop', source, namespace: 'a', images: { workloads, policies: [] } });
  await requestDelete('shop', { by, orphan: false }, world.ports);
  await world.drain();
  expect(await findUses(store, 'index.docker.io/acme/web')).toEqual([]);
});

it('a deletion has its run at once, of the revision that was applied, and afterwards nothing counts as applied', async () => {
  const world = createWorld();
  await apply(world);
  const run = await requestDelete('shop', { by, orphan: false }, world.ports);
  expect(run).toMatchObject({ kind: 'delete', status: 'queued', cause: { kind: 'manual', by } });
  expect(await getRun(world.ports.store, run.id)).toEqual(run);
  await world.drain();
  const revision = `main@sha1:${commit('b')}`;
  expect(await world.run(run.id)).toMatchObject({
    kind: 'delete',
    status: 'succeeded',
    revision,
    changes: { deleted: 1 },
  });
  expect(world.removed).toEqual([{ remove: 'objects', applied: revision }]);
  const state = await readTargetState(world.ports.store, 'shop');
  expect(state).toMatchObject({ last: { run: run.id, status: 'succeeded' } });
  expect(state).not.toHaveProperty('succeeded');
});

it('a suspended target may be deleted, and let go of', async () => {
  const world = createWorld(undefined, targetsOf({ name: 'shop', suspend: true }));
  const runs = [
    await requestDelete('shop', { by, orphan: true }, world.ports),
    await requestDelete('shop', { by, orphan: false }, world.ports),
  ];
  await world.drain();
  expect(world.removed.map(({ remove }) => remove)).toEqual(['orphan', 'objects']);
  for (const { id } of runs) expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
});

it('a target that the settings do not have is not deleted, and it is said how it can be', async () => {
  const world = createWorld();
  await expect(requestDelete('gone', { by, orphan: false }, world.ports)).rejects.toMatchObject({
    fault: 'missing',
    message: 'Cannot delete "gone": sluice.yaml has no such target',
    help: expect.stringContaining('suspend: true'),
  });
});

it('a push that a sync before the deletion covers, and that comes up after it, is applied anew', async () => {
  const world = createWorld();
  await world.push('d1', commit('b'));
  const [second] = await world.push('d2', commit('b'));
  await workSync(await take(world, 'sync'), world.ports);
  const late = await take(world, 'sync');
  await requestDelete('shop', { by, orphan: false }, world.ports);
  await world.ports.queue.acknowledge(late);
  await sendAgain(world.ports.queue, SyncJob.parse(late.body), 'again');
  await world.drain();
  expect(await world.run(second)).toMatchObject({ status: 'succeeded' });
  expect(world.place('shop').applied).toEqual([commit('b')]);
});

it('a push whose sync waits to be tried again when a deletion begins is not applied after it', async () => {
  const world = createWorld();
  const { sync } = world.ports;
  const refused = () => Promise.reject(new Failure('server', 'Cannot reach "cluster": refused'));
  Object.assign(world.ports, { sync: refused });
  const [push] = await world.push('d1', commit('b'));
  await workSync(await take(world, 'sync'), world.ports);
  Object.assign(world.ports, { sync });
  const run = await requestDelete('shop', { by, orphan: false }, world.ports);
  await world.drain();
  expect(await world.run(push)).toMatchObject({ status: 'skipped', supersededBy: run.id });
  expect(world.place('shop').applied).toEqual([]);
});

describe('a deletion that waits for objects', () => {
  function waiting(): SyncOutcome {
    return synced(commit('b'), { againAfterSeconds: 5, changes: { ...noChanges, skipped: 1 } });
  }

  it('is done again until they are gone, of the same revision, whatever was synced in between', async () => {
    let left = 2;
    const world = createWorld(() => {
      left--;
      return left > 0 ? waiting() : synced(commit('b'), { changes: { ...noChanges, deleted: 1 } });
    });
    await apply(world);
    const run = await requestDelete('shop', { by, orphan: false }, world.ports);
    await workSync(await take(world, 'sync'), world.ports);
    expect(await world.run(run.id)).toMatchObject({ status: 'queued', changes: { skipped: 1 } });
    await requestSync('shop', { by }, world.ports);
    await workSync(await take(world, 'sync'), world.ports);
    await world.drain();
    expect(await world.run(run.id)).toMatchObject({ status: 'succeeded', changes: { deleted: 1 } });
    const revision = `main@sha1:${commit('b')}`;
    expect(world.removed.map(({ applied }) => applied)).toEqual([revision, revision]);
    expect(await readTargetState(world.ports.store, 'shop')).not.toHaveProperty('succeeded');
  });

  it('fails after the timeout of the target', async () => {
    const world = createWorld(waiting, targetsOf({ name: 'shop', timeout: '1m', interval: '0' }));
    const run = await requestDelete('shop', { by, orphan: false }, world.ports);
    await world.drain();
    const error = {
      fault: 'user',
      message: 'Cannot finish the deletion of "shop": after 60 s objects of it are still being deleted',
    };
    expect(await world.run(run.id)).toMatchObject({ status: 'failed', error });
  });
});

it.each(['user', 'server'] as const)(
  'a deletion that failed by a %s fault is not followed by a sync before the next sweep',
  async (fault) => {
    const world = createWorld(() => new Failure(fault, 'Cannot delete "a"'));
    await apply(world);
    const run = await requestDelete('shop', { by, orphan: false }, world.ports);
    await world.drain();
    expect(await world.run(run.id)).toMatchObject({
      status: 'failed',
      error: { help: expect.stringContaining('sluice delete') },
    });
    expect(world.removed).toHaveLength(fault === 'user' ? 1 : 5);
    world.advance(600);
    expect(await schedule(10, world.ports)).toEqual([]);
    world.advance(3600);
    expect(await schedule(10, world.ports)).toHaveLength(1);
  },
);

it('a deletion that nobody finishes is ended, and not followed by a sync before the next sweep', async () => {
  const world = createWorld();
  await apply(world);
  const run = await requestDelete('shop', { by, orphan: false }, world.ports);
  const message = await take(world, 'sync');
  await world.ports.queue.acknowledge(message);
  for (let minutes = 0; minutes < 25; minutes++) {
    world.advance(60);
    expect(await schedule(10, world.ports)).toEqual([]);
  }
  expect(await world.run(run.id)).toMatchObject({ status: 'failed', error: { fault: 'server' } });
});

it('a deletion whose worker is killed at any call is completed by the next delivery of its message', async () => {
  const kills = await killEverywhere(async (killAt) => {
    const world = createWorld();
    await apply(world);
    const run = await requestDelete('shop', { by, orphan: false }, world.ports);
    const mortal = killedAt(killAt, world.ports);
    await workSync(await take(world, 'sync'), mortal.ports).catch(() => undefined);
    await world.drain();
    await expectSettled(world);
    expect(await world.run(run.id)).toMatchObject({ status: 'succeeded', revision: `main@sha1:${commit('b')}` });
    expect(world.place('shop').applied).toEqual([]);
    expect(await readTargetState(world.ports.store, 'shop')).not.toHaveProperty('succeeded');
    return mortal.isDead();
  });
  expect(kills).toBeGreaterThan(12);
});
