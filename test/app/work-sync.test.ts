import { describe, expect, it } from 'vitest';
import { takeLease } from '../../lib/app/leases.ts';
import type { SyncContext } from '../../lib/app/outcome.ts';
import { requestSync } from '../../lib/app/request-sync.ts';
import { stepRun } from '../../lib/app/runs.ts';
import { readTargetState, stepTargetState } from '../../lib/app/target-state.ts';
import { workSync } from '../../lib/app/work-sync.ts';
import { Failure } from '../../lib/domain/failure.ts';
import { formatRevision } from '../../lib/domain/revision.ts';
import { endRun } from '../../lib/domain/run.ts';
import { begin } from '../../lib/domain/target-state.ts';
import { commit, createJobWorld, type JobPorts, synced, take, targetsOf } from './job-world.ts';

function failing(failure: Failure, base: JobPorts): JobPorts {
  return { ...base, sync: () => Promise.reject(failure) };
}

const ours = new Failure('server', 'Cannot reach "git.example": connection refused');
const theirs = new Failure('user', 'Cannot render "clusters/a": line 3 is no YAML', { help: 'Mend the file' });

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

  it('of a target that is suspended in its cluster is skipped with the reason', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const revision = formatRevision('main', commit('b'));
    async function sync({ started }: SyncContext) {
      await started(revision);
      return { kind: 'suspended', revision, reason: 'ops, incident 4' } as const;
    }
    await workSync(await take(world, 'sync'), { ...world.ports, sync });
    const error = { message: 'Cannot sync "shop": it is suspended in the cluster: ops, incident 4' };
    expect(await world.run(id)).toMatchObject({ status: 'skipped', revision, error });
    expect(await readTargetState(world.ports.store, 'shop')).toMatchObject({ last: { run: id, status: 'skipped' } });
  });

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

describe('a sync that failed by our own fault', () => {
  it('is sent again after 5, 30, 120 and 600 s, and its run is queued with the error between', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const begun = world.now();
    const attempts: number[] = [];
    async function sync(): Promise<never> {
      attempts.push((world.now() - begun) / 1000);
      throw ours;
    }
    const ports = { ...world.ports, sync };
    Object.assign(world.ports, ports);
    await world.drain(4);
    expect(await world.run(id)).toMatchObject({ status: 'queued', error: { fault: 'server', message: ours.message } });
    await world.drain();
    expect(attempts).toEqual([0, 5, 35, 155, 755]);
    expect(await world.run(id)).toMatchObject({ status: 'failed', error: { fault: 'server', message: ours.message } });
    expect(world.logged.at(-1)).toMatchObject({
      level: 'error',
      message: 'alarm: sync failed by our own fault',
      run: id,
    });
  });

  it('holds neither its group nor its lease: the next push is synced meanwhile, and supersedes it', async () => {
    const world = createJobWorld();
    const [first] = await world.push('d1', commit('b'));
    await workSync(await take(world, 'sync'), failing(ours, world.ports));
    const [second] = await world.push('d2', commit('c'));
    await world.drain();
    expect(await world.run(first)).toMatchObject({ status: 'skipped', supersededBy: second });
    expect(await world.run(second)).toMatchObject({ status: 'succeeded' });
    expect(world.place('shop').applied).toEqual([commit('c')]);
  });

  it('is sent again although a sweep has begun at a head that does not have its push', async () => {
    const world = createJobWorld();
    await world.push('d0', commit('a'));
    await world.drain();
    const [first] = await world.push('d1', commit('b'), { before: commit('a') });
    await workSync(await take(world, 'sync'), failing(ours, world.ports));
    world.advance(1);
    world.place('shop').head = commit('a');
    await requestSync('shop', { by: 'ci' }, world.ports);
    await workSync(await take(world, 'sync'), world.ports);
    world.place('shop').head = commit('b');
    await world.drain();
    expect(world.place('shop').applied).toEqual([commit('a'), commit('a'), commit('b')]);
    expect(await world.run(first)).toMatchObject({ status: 'succeeded' });
  });

  it('keeps what it found when some objects were applied', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const objects = [{ id: 'default:configmap/a', action: 'failed', error: 'timeout' }] as const;
    async function sync({ started }: SyncContext) {
      await started(formatRevision('main', commit('b')));
      return synced(commit('b'), { error: ours, objects });
    }
    await workSync(await take(world, 'sync'), { ...world.ports, sync });
    expect(await world.run(id)).toMatchObject({ status: 'queued', objects, changes: { configured: 1 } });
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status: 'succeeded', objects: [] });
    expect(await world.run(id)).not.toHaveProperty('error');
  });
});

describe('a sync that failed by another fault', () => {
  it('is not sent again: its run says why, and the target when it is tried', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    await workSync(await take(world, 'sync'), failing(theirs, world.ports));
    expect(await world.run(id)).toMatchObject({
      status: 'failed',
      error: { fault: 'user', message: theirs.message, help: 'Mend the file' },
    });
    expect(await world.ports.queue.depth('check')).toMatchObject({ waiting: 0 });
    expect(await readTargetState(world.ports.store, 'shop')).toMatchObject({
      failure: { run: id, count: 1, retryAt: world.now() + 300_000 },
    });
  });

  it('does not keep the next push, nor another target, from being synced', async () => {
    const world = createJobWorld(targetsOf({ name: 'poisoned' }, { name: 'shop' }));
    const [poisoned, good] = await world.push('d1', commit('b'));
    await workSync(await take(world, 'sync'), failing(theirs, world.ports));
    await world.drain();
    expect([await world.run(poisoned), await world.run(good)]).toMatchObject([
      { status: 'failed' },
      { status: 'succeeded' },
    ]);
    const [next] = await world.push('d2', commit('c'));
    await world.drain();
    expect(await world.run(next)).toMatchObject({ status: 'succeeded' });
    const state = await readTargetState(world.ports.store, 'poisoned');
    expect(state).not.toHaveProperty('failure');
  });
});

describe('a push', () => {
  it('is skipped for a run that succeeded after it had arrived: twenty at once are two syncs', async () => {
    const world = createJobWorld();
    const runs = [...(await world.push('d0', commit('a')))];
    const { sync } = world.ports;
    async function pushMeanwhile(context: SyncContext) {
      const outcome = await sync(context);
      for (let i = runs.length; i < 20; i++) runs.push(...(await world.push(`d${i}`, commit(`${i % 10}`))));
      return outcome;
    }
    Object.assign(world.ports, { sync: pushMeanwhile });
    await world.drain();
    expect(world.place('shop').applied).toEqual([commit('a'), commit('9')]);
    const ended = await Promise.all(runs.map((id) => world.run(id)));
    expect(ended.map(({ status }) => status)).toEqual([
      'succeeded',
      'succeeded',
      ...Array.from({ length: 18 }, () => 'skipped'),
    ]);
    expect(new Set(ended.slice(2).map(({ supersededBy }) => supersededBy))).toEqual(new Set([runs[1]]));
  });

  it('that is skipped names the run that saw it, and costs no sync', async () => {
    const world = createJobWorld();
    const [first] = await world.push('d1', commit('b'));
    const [second] = await world.push('d2', commit('c'));
    await world.drain();
    expect(await world.run(first)).toMatchObject({
      status: 'succeeded',
      revision: formatRevision('main', commit('c')),
    });
    expect(await world.run(second)).toMatchObject({ status: 'skipped', supersededBy: first });
    expect(world.place('shop').applied).toEqual([commit('c')]);
  });

  it.each([
    ['the run that saw it failed', theirs, {}],
    ['the settings have changed since', undefined, { targets: targetsOf({ name: 'shop', namespace: 'web' }) }],
    ['the version has changed since', undefined, { version: '1.0.1' }],
  ])('is not skipped if %s', async (_, failure, changed: Partial<JobPorts>) => {
    const world = createJobWorld();
    await world.push('d1', commit('b'));
    const [second] = await world.push('d2', commit('c'));
    await workSync(await take(world, 'sync'), failure === undefined ? world.ports : failing(failure, world.ports));
    await workSync(await take(world, 'sync'), { ...world.ports, ...changed });
    expect(await world.run(second)).toMatchObject({ status: 'succeeded' });
  });

  it('is not skipped for a run that got the head before it', async () => {
    const world = createJobWorld();
    await world.push('d1', commit('a'));
    await world.drain();
    const [second] = await world.push('d2', commit('b'), { before: commit('a') });
    world.place('shop').head = commit('a');
    const job = await take(world, 'sync');
    await requestSync('shop', { by: 'ci' }, world.ports);
    await world.ports.queue.acknowledge(job);
    await world.drain();
    world.place('shop').head = commit('b');
    await world.ports.queue.send('sync', [{ body: job.body, group: 'shop' }]);
    await world.drain();
    expect(await world.run(second)).toMatchObject({
      status: 'succeeded',
      revision: formatRevision('main', commit('b')),
    });
  });

  it('that came in the wrong order leaves the target at the head of the branch', async () => {
    const world = createJobWorld();
    await world.push('newer', commit('c'), { before: commit('b') });
    await world.drain();
    await world.push('older', commit('b'), { before: commit('a') });
    world.place('shop').head = commit('c');
    await world.drain();
    expect(world.place('shop').applied.at(-1)).toBe(commit('c'));
  });

  it.each(['manual', 'sweep', 'retry'])('is skipped and a %s of the same moment is not', async (kind) => {
    const world = createJobWorld();
    await world.push('d1', commit('b'));
    await world.drain();
    const manual = await requestSync('shop', { by: 'ci' }, world.ports);
    const message = await take(world, 'sync');
    const body = { ...(message.body as object), cause: { kind, by: 'someone' }, wanted: world.now() };
    await workSync({ ...message, body }, world.ports);
    expect(await world.run(manual.id)).toMatchObject({ status: 'succeeded', changes: { unchanged: 1 } });
  });
});

describe('a head that is behind', () => {
  it('puts the job back through check with the time it was first seen, and the run is queued', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const since: unknown[] = [];
    async function sync({ job }: SyncContext) {
      since.push(job.behindSince);
      return { kind: 'behind', afterSeconds: 15 } as const;
    }
    const firstSeen = world.now();
    await workSync(await take(world, 'sync'), { ...world.ports, sync });
    expect(await world.run(id)).toMatchObject({ status: 'queued' });
    expect(await world.ports.queue.depth('sync')).toMatchObject({ waiting: 0, inFlight: 0 });
    world.advance(15);
    await world.drain(0);
    expect(await world.run(id)).toMatchObject({ status: 'succeeded', revision: formatRevision('main', commit('b')) });
    expect(since).toEqual([undefined]);
    expect(firstSeen).toBeLessThan(world.now());
  });

  it('keeps the time it was first seen from one attempt to the next', async () => {
    const world = createJobWorld();
    await world.push('d1', commit('b'));
    const firstSeen = world.now();
    const since: unknown[] = [];
    Object.assign(world.ports, {
      sync: async ({ job }: SyncContext) => {
        since.push(job.behindSince);
        return { kind: 'behind', afterSeconds: 15 } as const;
      },
    });
    await world.drain(40);
    expect(since).toEqual([undefined, firstSeen, firstSeen]);
  });
});

describe('an object that is still being deleted', () => {
  it('makes the whole line walk again until it is gone', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    let left = 2;
    const { sync } = world.ports;
    Object.assign(world.ports, {
      sync: async (context: SyncContext) => {
        const outcome = await sync(context);
        return left-- > 0 ? { ...outcome, health: 'InProgress', againAfterSeconds: 5 } : outcome;
      },
    });
    await world.drain(1);
    expect(await world.run(id)).toMatchObject({ status: 'queued', changes: { configured: 1 } });
    await world.drain();
    expect(world.place('shop').applied).toHaveLength(3);
    expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
  });

  it('fails the run when the timeout of the target is over', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', timeout: '20s' }));
    const [id] = await world.push('d1', commit('b'));
    const { sync } = world.ports;
    Object.assign(world.ports, {
      sync: async (context: SyncContext) => ({
        ...(await sync(context)),
        health: 'InProgress',
        againAfterSeconds: 5,
      }),
    });
    await world.drain();
    expect(await world.run(id)).toMatchObject({
      status: 'failed',
      error: { message: 'Cannot finish the sync of "shop": after 20 s objects of it are still being deleted' },
    });
    expect(world.place('shop').applied).toHaveLength(5);
  });
});
