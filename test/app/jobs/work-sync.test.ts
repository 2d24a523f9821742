import { describe, expect, it } from 'vitest';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import type { SyncContext } from '../../../lib/app/outcome.ts';
import { takeLease } from '../../../lib/app/records/leases.ts';
import { stepRun } from '../../../lib/app/records/runs.ts';
import { readTargetState, stepTargetState } from '../../../lib/app/records/target-state.ts';
import { formatRevision } from '../../../lib/domain/jobs/revision.ts';
import { endRun } from '../../../lib/domain/jobs/run.ts';
import { begin } from '../../../lib/domain/jobs/target-state.ts';
import { commit, createJobWorld, synced, take, targetsOf } from './job-world.ts';

describe('a sync', () => {
  it('that went well ends its run with the revision, and the target remembers both', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    world.advance(2);
    await world.drain();
    const revision = formatRevision('main', commit('b'));
    expect(await world.run(id)).toEqual({
      id,
      target: 'shop',
      kind: 'sync',
      cause: { kind: 'push', by: 'acme-github' },
      revision,
      status: 'succeeded',
      queuedAt: '2025-03-01T10:00:00.000Z',
      startedAt: '2025-03-01T10:00:02.000Z',
      finishedAt: '2025-03-01T10:00:02.000Z',
      changes: { created: 0, configured: 1, unchanged: 0, deleted: 0, skipped: 0, failed: 0 },
      objects: [],
      warnings: [],
    });
    expect(await readTargetState(world.ports.store, 'shop')).toMatchObject({
      succeeded: { run: id, revision },
      last: { run: id, status: 'succeeded', at: world.now() },
    });
  });

  it('is running, phase applying, at the head that was resolved while it applies', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    let seen: unknown;
    async function sync({ started }: SyncContext) {
      await started(formatRevision('main', commit('c')));
      seen = await world.run(id);
      return synced(commit('c'));
    }
    await workSync(await take(world, 'sync'), { ...world.ports, sync });
    expect(seen).toMatchObject({ status: 'running', phase: 'applying', revision: formatRevision('main', commit('c')) });
  });

  it('gets the revision and the verified commit of the last run', async () => {
    const world = createJobWorld();
    const contexts: SyncContext[] = [];
    async function sync(context: SyncContext) {
      contexts.push(context);
      await context.started(formatRevision('main', commit('b')));
      return synced(commit('b'), { verifiedUpTo: commit('a') });
    }
    for (const id of ['d1', 'd2']) {
      await world.push(id, commit('b'));
      await workSync(await take(world, 'sync'), { ...world.ports, sync });
    }
    expect(contexts.map(({ applied, verifiedUpTo }) => [applied, verifiedUpTo])).toEqual([
      [undefined, undefined],
      [formatRevision('main', commit('b')), commit('a')],
    ]);
  });

  it('of a message that is no job is acknowledged and logged', async () => {
    const world = createJobWorld();
    await world.ports.queue.send('sync', [{ body: { kind: 'sync', target: 'shop', run: '../x' }, group: 'shop' }]);
    await world.drain(0);
    expect(await world.ports.queue.depth('sync')).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
    expect(world.logged).toMatchObject([{ level: 'error', message: 'malformed message acknowledged', queue: 'sync' }]);
  });

  it.each([
    ['left the settings', [], 'failed', 'missing', 'Cannot sync "shop": there is no such target'],
    ['was suspended', [{ name: 'shop', suspend: true }], 'skipped', 'user', 'Cannot sync "shop": it is suspended'],
  ])('of a target that %s meanwhile is not done', async (_, settings, status, fault, message) => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    await workSync(await take(world, 'sync'), { ...world.ports, targets: targetsOf(...settings) });
    expect(await world.run(id)).toMatchObject({ status, error: { fault, message } });
    expect(world.place('shop').applied).toEqual([]);
    expect(await world.ports.queue.depth('sync')).toMatchObject({ waiting: 0, inFlight: 0 });
  });

  it.each(['suspended', 'pinned'] as const)(
    'of a target that is %s in its cluster is skipped with the reason',
    async (how) => {
      const world = createJobWorld();
      const [id] = await world.push('d1', commit('b'));
      const revision = formatRevision('main', commit('b'));
      async function sync({ started }: SyncContext) {
        await started(revision);
        const stay = { how, reason: 'ops, incident 4', annotation: `sluice.dev/${how}`, parent: 'ops/sluice-shop' };
        return { kind: 'stayed', revision, stay } as const;
      }
      await workSync(await take(world, 'sync'), { ...world.ports, sync });
      const error = {
        message: `Cannot sync "shop": it is ${how} in the cluster: ops, incident 4`,
        help: `Remove the annotation sluice.dev/${how} from the ConfigMap "ops/sluice-shop" of its cluster; the next push or sweep then syncs it`,
      };
      expect(await world.run(id)).toMatchObject({ status: 'skipped', revision, error });
      expect(await readTargetState(world.ports.store, 'shop')).toMatchObject({ last: { run: id, status: 'skipped' } });
    },
  );

  it('whose run the store has lost is done and recorded', async () => {
    const [lost, world] = [createJobWorld(), createJobWorld()];
    const [id] = await lost.push('d1', commit('b'));
    world.place('shop').head = commit('b');
    await world.ports.queue.send('sync', [{ body: (await take(lost, 'sync')).body, group: 'shop' }]);
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status: 'succeeded', cause: { kind: 'push' } });
  });

  it('is not done for a message that went to another worker meanwhile', async () => {
    const world = createJobWorld();
    await world.push('d1', commit('b'));
    const mine = await take(world, 'sync');
    world.advance(901);
    const theirs = await take(world, 'sync');
    await workSync(mine, world.ports);
    expect(world.place('shop').applied).toEqual([]);
    await workSync(theirs, world.ports);
    expect(world.place('shop').applied).toEqual([commit('b')]);
  });

  it('waits five seconds, in no group, for a lease that another holds', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const { store, clock } = world.ports;
    await takeLease(store, clock, { target: 'shop', holder: 'test/other', token: 't' });
    await workSync(await take(world, 'sync'), world.ports);
    expect(await world.run(id)).toMatchObject({ status: 'queued' });
    expect(await world.ports.queue.depth('sync')).toMatchObject({ waiting: 0, inFlight: 0 });
    await world.drain(40);
    expect(world.place('shop').applied).toEqual([]);
    await world.drain(30);
    expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
  });
});

describe('a worker', () => {
  it('that comes to its end when another run has begun since leaves the target as that one has it', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const newer = { run: 'newer', at: world.now(), revision: formatRevision('main', commit('c')) };
    for (const end of [{}, { health: 'InProgress' }] as const) {
      const sync = async ({ started }: SyncContext) => {
        await started(formatRevision('main', commit('b')));
        await stepTargetState(world.ports.store, 'shop', (state) => begin(state, newer));
        return synced(commit('b'), end);
      };
      const message = await take(world, 'sync');
      const forgotten = { ...world.ports.queue, acknowledge: async () => undefined };
      await workSync(message, { ...world.ports, sync, queue: forgotten });
      world.advance(61);
    }
    expect(await readTargetState(world.ports.store, 'shop')).toEqual({
      target: 'shop',
      begun: newer,
      last: { run: 'newer', status: 'running', at: newer.at },
    });
    expect(await world.run(id)).toMatchObject({ status: 'running', phase: 'applying' });
    expect(await world.ports.queue.depth('check')).toMatchObject({ waiting: 0 });
  });

  it('does not begin a run that was ended meanwhile: the job goes back, and is dropped', async () => {
    const world = createJobWorld();
    const [id = ''] = await world.push('d1', commit('b'));
    const touched: string[] = [];
    async function sync({ started }: SyncContext) {
      await stepRun(world.ports.store, id, world.now(), (run) => endRun(run, 'failed', world.now()));
      await started(formatRevision('main', commit('b')));
      touched.push('cluster');
      return synced(commit('b'));
    }
    await workSync(await take(world, 'sync'), { ...world.ports, sync });
    await world.drain();
    expect(touched).toEqual([]);
    expect(world.place('shop').applied).toEqual([]);
    expect(await world.run(id)).toMatchObject({ status: 'failed' });
  });

  it('whose line does not say when it begins is a programming error: nothing is recorded or acknowledged', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const working = workSync(await take(world, 'sync'), { ...world.ports, sync: async () => synced(commit('b')) });
    await expect(working).rejects.toThrow(TypeError);
    expect(await world.run(id)).toMatchObject({ status: 'queued' });
    expect(await world.ports.queue.depth('sync')).toMatchObject({ inFlight: 1 });
  });
});
