import { describe, expect, it } from 'vitest';
import { requestSync } from '../../../lib/app/jobs/request-sync.ts';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import type { SyncContext } from '../../../lib/app/outcome.ts';
import { readTargetState } from '../../../lib/app/records/target-state.ts';
import { showTarget } from '../../../lib/app/show-target.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { formatRevision } from '../../../lib/domain/jobs/revision.ts';
import { commit, createJobWorld, type JobPorts, synced, take, targetsOf } from './job-world.ts';

function failing(failure: Failure, base: JobPorts): JobPorts {
  return { ...base, sync: () => Promise.reject(failure) };
}

const ours = new Failure('server', 'Cannot reach "git.example": connection refused');
const theirs = new Failure('user', 'Cannot render "clusters/a": line 3 is no YAML', { help: 'Mend the file' });

describe('what to do next is said', () => {
  const what = 'Cannot sync "shop": it is so';

  async function helpAfter(failure: Failure, seconds: number): Promise<string | undefined> {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    Object.assign(world.ports, failing(failure, world.ports));
    await world.drain(seconds);
    return (await world.run(id)).error?.help;
  }

  it.each<[string, Failure, number, string]>([
    ['while it is tried again', new Failure('server', what), 4, 'It is tried again after 5 s'],
    [
      'beside what the Failure says',
      new Failure('server', what, { help: 'Look there' }),
      30,
      'Look there. It is tried again after 30 s',
    ],
    [
      'when it is not any more',
      new Failure('server', what),
      3600,
      'The next push or sweep tries again; "sluice sync shop" does at once',
    ],
    ['to who pushed it', new Failure('user', what), 0, 'Correct it and push; until then the cluster stays as it is'],
    ['by the Failure alone', new Failure('user', what, { help: 'Look there' }), 0, 'Look there'],
  ])('%s', async (_, failure, seconds, help) => {
    expect(await helpAfter(failure, seconds)).toBe(help);
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

  // While its git server was away, a target was "never synced" for twelve minutes.
  it('is told of by its target between its attempts', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    Object.assign(world.ports, failing(ours, world.ports));
    await world.drain(0);
    const again = new Date(world.now() + 5000).toISOString();
    expect(await world.run(id)).toMatchObject({ status: 'queued', againAt: again });
    expect(await showTarget(world.ports.targets, world.ports.store, 'shop')).toMatchObject({
      lastRun: { id, status: 'queued', error: { message: ours.message, help: 'It is tried again after 5 s' } },
      nextSweepAt: again,
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
    const help = '"sluice validate --rbac TARGET" prints the Role';
    const objects = [{ id: 'default:configmap/a', action: 'failed', error: `timeout (${help})` }] as const;
    async function sync({ started }: SyncContext) {
      await started(formatRevision('main', commit('b')));
      return synced(commit('b'), { error: ours, objects });
    }
    await workSync(await take(world, 'sync'), { ...world.ports, sync });
    expect(await world.run(id)).toMatchObject({
      status: 'queued',
      objects: [{ error: 'timeout ("sluice validate --rbac shop" prints the Role)' }],
      changes: { configured: 1 },
    });
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
