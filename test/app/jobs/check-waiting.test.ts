import { describe, expect, it } from 'vitest';
import { workCheck } from '../../../lib/app/jobs/work-check.ts';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import { readTargetState, stepTargetState } from '../../../lib/app/records/target-state.ts';
import { showTarget } from '../../../lib/app/show-target.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { formatRevision } from '../../../lib/domain/jobs/revision.ts';
import { succeedWaiting } from '../../../lib/domain/jobs/target-state.ts';
import { commit, createJobWorld, inProgress, type JobWorld, take, targetsOf } from './job-world.ts';

/** A run that has applied everything and waits for health. */
async function waitingRun(world: JobWorld, id = 'd1', head = commit('b')): Promise<string> {
  world.place('shop').health = inProgress('web');
  const [run = ''] = await world.push(id, head);
  await workSync(await take(world, 'sync'), world.ports);
  return run;
}

describe('a run that waits for health', () => {
  it('holds neither lease nor group, and is running in phase waiting', async () => {
    const world = createJobWorld();
    const id = await waitingRun(world);
    expect(await world.run(id)).toMatchObject({ status: 'running', phase: 'waiting', changes: { configured: 1 } });
    expect(await world.ports.queue.depth('sync')).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
    expect(await world.ports.store.get('target/shop', 'lease')).toBeUndefined();
    expect(await readTargetState(world.ports.store, 'shop')).not.toHaveProperty('succeeded');
  });

  it('succeeds when its objects are Current, looked at after 2, 5, 10, 15 and then every 30 s', async () => {
    const world = createJobWorld();
    const id = await waitingRun(world);
    const begun = world.now();
    const looks: number[] = [];
    Object.assign(world.ports, {
      checkHealth: async () => {
        looks.push((world.now() - begun) / 1000);
        return looks.length < 7 ? world.place('shop').health : { health: 'Current', waitingFor: [] };
      },
    });
    await world.drain();
    expect(looks).toEqual([2, 7, 17, 32, 62, 92, 122]);
    expect(await world.run(id)).toMatchObject({ status: 'succeeded', changes: { configured: 1 } });
    expect(await world.run(id)).not.toHaveProperty('phase');
    expect(await readTargetState(world.ports.store, 'shop')).toMatchObject({
      succeeded: { run: id, revision: formatRevision('main', commit('b')) },
    });
  });

  it('is judged by the objects that its sync waited for', async () => {
    const world = createJobWorld();
    await waitingRun(world);
    const looks: unknown[] = [];
    Object.assign(world.ports, {
      checkHealth: async (_target: unknown, waited: unknown) => {
        looks.push(waited);
        return { health: 'Current', waitingFor: [] };
      },
    });
    await world.drain();
    expect(looks).toEqual([inProgress('web').waitingFor]);
  });

  it('fails when the timeout is over, with what it waited for', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', timeout: '1m' }));
    const id = await waitingRun(world);
    await world.drain();
    expect(await world.run(id)).toMatchObject({
      status: 'failed',
      error: {
        fault: 'user',
        message: `Cannot finish the sync of "shop": after 60 s it waits for default:deployment/web: 1 of 3 replicas are available`,
      },
    });
    expect(await readTargetState(world.ports.store, 'shop')).toMatchObject({ failure: { run: id, count: 1 } });
  });

  // With a timeout of 20 s it ended after 32 s, and said 20.
  it.each([20, 45, 61])(
    'is looked at for the last time when the timeout of %i s is over, and says so',
    async (seconds) => {
      const world = createJobWorld(targetsOf({ name: 'shop', timeout: `${seconds}s` }));
      const id = await waitingRun(world);
      const begun = world.now();
      await world.drain();
      expect((world.now() - begun) / 1000).toBe(seconds);
      expect((await world.run(id)).error?.message).toContain(`after ${seconds} s it waits for`);
    },
  );

  it('tells for what it waits, as the last look found it', async () => {
    const world = createJobWorld();
    const id = await waitingRun(world);
    const web = 'default:deployment/web: 1 of 3 replicas are available';
    async function told() {
      const target = await showTarget(world.ports.targets, world.ports.store, 'shop');
      return [(await world.run(id)).waitingFor, target?.lastRun?.waitingFor];
    }
    expect(await told()).toEqual([web, web]);
    world.place('shop').health = inProgress('other');
    await world.drain(3);
    expect(await told()).toEqual([web, web].map((text) => text.replace('web', 'other')));
    world.place('shop').health = { health: 'Current', waitingFor: [] };
    await world.drain();
    expect(await told()).toEqual([undefined, undefined]);
  });

  it('names five of many objects', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', timeout: '1s' }));
    const id = await waitingRun(world);
    world.place('shop').health = inProgress(...Array.from({ length: 7 }, (_, n) => `o${n}`));
    await world.drain();
    expect((await world.run(id)).error?.message).toMatch(
      / waits for default:deployment\/o0: 1 of 3 replicas are available; .*o4: 1 of 3 replicas are available and 2 more$/,
    );
  });

  it('fails at once when an object is in Failed health', async () => {
    const world = createJobWorld();
    const id = await waitingRun(world);
    const error = new Failure('user', 'Cannot make an object healthy: default:deployment/web: crash loop');
    world.place('shop').health = { ...inProgress('web'), error };
    await world.drain(3);
    expect(await world.run(id)).toMatchObject({ status: 'failed', error: { message: error.message } });
  });

  it.each([
    ['server', 'failed', 'after the timeout'],
    ['missing', 'failed', 'at once'],
  ] as const)('whose health cannot be read by fault of %s is %s %s', async (fault, status, when) => {
    const world = createJobWorld(targetsOf({ name: 'shop', timeout: '1m' }));
    const id = await waitingRun(world);
    const failure = new Failure(fault, 'Cannot reach "https://k8s.example": refused');
    Object.assign(world.ports, { checkHealth: () => Promise.reject(failure) });
    await world.drain(3);
    expect((await world.run(id)).status).toBe(when === 'at once' ? status : 'running');
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status, error: { fault, message: failure.message } });
  });

  it('is ended as skipped by the next push, which is applied at once', async () => {
    const world = createJobWorld();
    const first = await waitingRun(world);
    const second = await waitingRun(world, 'd2', commit('c'));
    expect(await world.run(first)).toMatchObject({ status: 'skipped', supersededBy: second });
    world.place('shop').health = { health: 'Current', waitingFor: [] };
    await world.drain();
    expect(await world.run(second)).toMatchObject({ status: 'succeeded' });
    expect(await world.run(first)).toMatchObject({ status: 'skipped', supersededBy: second });
  });

  it('covers the pushes that had arrived before its head was resolved, as one that succeeded', async () => {
    const world = createJobWorld();
    const first = await world.push('d1', commit('b'));
    const second = await world.push('d2', commit('c'));
    world.place('shop').health = inProgress('web');
    await world.drain(1);
    expect(world.place('shop').applied).toEqual([commit('c')]);
    expect(await world.run(second[0])).toMatchObject({ status: 'skipped', supersededBy: first[0] });
  });

  it('fails as missing when its target leaves the settings', async () => {
    const world = createJobWorld();
    const id = await waitingRun(world);
    world.advance(2);
    await workCheck(await take(world, 'check'), { ...world.ports, targets: new Map() });
    expect(await world.run(id)).toMatchObject({ status: 'failed', error: { fault: 'missing' } });
  });

  it('whose worker was killed between the state and the record ends as the state says', async () => {
    const world = createJobWorld();
    const id = await waitingRun(world);
    await stepTargetState(world.ports.store, 'shop', (state) => succeedWaiting(state, id, world.now()));
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
  });

  it.each([
    ['a newer run, killed before it said so', { target: 'shop', begun: { run: 'r9', at: 0 } }, { supersededBy: 'r9' }],
    ['nobody knows whom, since the target was forgotten', undefined, {}],
  ])('that is superseded by %s is skipped', async (_, body, end) => {
    const world = createJobWorld();
    const id = await waitingRun(world);
    const { store } = world.ports;
    if (body === undefined) await store.delete('targets', 'shop');
    else await store.put({ partition: 'targets', sort: 'shop', order: 9, body });
    await world.drain(3);
    expect(await world.run(id)).toMatchObject({ status: 'skipped', ...end });
  });

  it('is looked at again when the look is stopped with its process', async () => {
    const world = createJobWorld();
    const id = await waitingRun(world);
    world.advance(2);
    const stop = new AbortController();
    stop.abort();
    const checkHealth = async (_target: unknown, _run: unknown, signal: AbortSignal) => {
      signal.throwIfAborted();
      return world.place('shop').health;
    };
    await workCheck(await take(world, 'check'), { ...world.ports, checkHealth }, stop.signal);
    expect(await world.run(id)).toMatchObject({ status: 'running', phase: 'waiting' });
    expect(await world.ports.queue.depth('check')).toMatchObject({ waiting: 1 });
  });
});
