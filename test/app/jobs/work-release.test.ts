import { describe, expect, it } from 'vitest';
import { receive } from '../../../lib/app/jobs/receive.ts';
import { schedule } from '../../../lib/app/jobs/schedule.ts';
import { takeBack } from '../../../lib/app/jobs/take-back.ts';
import { workCheck } from '../../../lib/app/jobs/work-check.ts';
import { type WorkReleasePorts, workRelease } from '../../../lib/app/jobs/work-release.ts';
import { readEvents } from '../../../lib/app/records/image-events.ts';
import { indexImages } from '../../../lib/app/records/index-images.ts';
import { releaseLease, takeLease } from '../../../lib/app/records/leases.ts';
import { listRuns } from '../../../lib/app/records/run-list.ts';
import { stepRun } from '../../../lib/app/records/runs.ts';
import { stepTargetState } from '../../../lib/app/records/target-state.ts';
import type { ReleaseContext, ReleaseOutcome } from '../../../lib/app/release/release-context.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { releaseGroup } from '../../../lib/domain/jobs/release-group.ts';
import { endRun } from '../../../lib/domain/jobs/run.ts';
import { commit, createJobWorld, type JobWorld, take, targetsOf } from './job-world.ts';
import { killEverywhere, killedAt } from './kill.ts';

const source = { url: 'https://github.com/acme/shop.git', branch: 'main' };
const nothing: ReleaseOutcome = { results: [], pushed: [], proposed: [], warnings: [] };

/** A world in which `shop` waits for tags of one image, and a release does what the test says. */
async function createWorld(release: (context: ReleaseContext) => Promise<ReleaseOutcome> = async () => nothing) {
  const world = createJobWorld(targetsOf({ name: 'shop', automation: {} }, { name: 'plain' }));
  await use(world, 'shop');
  const contexts: ReleaseContext[] = [];
  const ports: WorkReleasePorts = {
    ...world.ports,
    async release(context) {
      contexts.push(context);
      return await release(context);
    },
  };
  async function event(tag: string, delivery?: string, image = 'docker.io/acme/web') {
    const changes = [{ kind: 'image' as const, image, tag }];
    return await receive({ webhookId: 'hub', deliveryId: delivery, by: 'hub', changes }, world.ports);
  }
  return { world, ports, contexts, event };
}

async function use(world: JobWorld, target: string): Promise<void> {
  const policies = { automated: 'true', 'tag.app': 'semver:~1' };
  const workloads = [{ id: 'shop:deployment/web', policies, containers: [{ name: 'app', image: 'acme/web:1.0.0' }] }];
  const images = { workloads, policies: [] };
  await indexImages(world.ports.store, { name: target, source, namespace: 'shop', images });
}

describe('an event of an image', () => {
  it('that is waited for is noted and queued once for its branch', async () => {
    const { world, event } = await createWorld();
    const { status, runs } = await event('1.1.0', 'd1');
    expect(status).toBe(202);
    expect(await world.run(runs[0])).toMatchObject({ kind: 'release', target: 'shop', status: 'queued' });
    expect(await readEvents(world.ports.store, releaseGroup(source))).toEqual([
      { image: 'index.docker.io/acme/web', tag: '1.1.0', order: 1 },
    ]);
    expect((await take(world, 'release')).body).toMatchObject({ kind: 'release', ...source, spec: { type: 'auto' } });
  });

  it.each([
    ['of a tag that nobody takes', '2.0.0', 'docker.io/acme/web'],
    ['whose name is none', '1.0.0', ':'],
  ])('%s asks for nothing', async (_, tag, image) => {
    const { world, event } = await createWorld();
    expect(await event(tag, 'd1', image)).toEqual({ status: 204, runs: [] });
    expect(await world.ports.queue.depth('check')).toMatchObject({ waiting: 0 });
  });

  it('that nobody uses costs one query, and another one 30 seconds later', async () => {
    const { world } = await createWorld();
    const calls: string[] = [];
    const { store, queue } = world.ports;
    const counting = {
      get: (...args: Parameters<typeof store.get>) => {
        calls.push('get');
        return store.get(...args);
      },
      put: (...args: Parameters<typeof store.put>) => {
        calls.push('put');
        return store.put(...args);
      },
      delete: store.delete,
      query: (...args: Parameters<typeof store.query>) => {
        calls.push('query');
        return store.query(...args);
      },
    };
    const ports = { ...world.ports, store: counting };
    const changes = [{ kind: 'image' as const, image: 'docker.io/acme/unused', tag: '1' }];
    const delivery = { webhookId: 'hub', deliveryId: 'd1', by: 'hub', changes };
    expect(await receive(delivery, ports)).toEqual({ status: 204, runs: [] });
    expect(calls).toEqual(['query']);
    expect(await world.next('check')).toBeUndefined();
    world.advance(31);
    await workCheck(await take(world, 'check'), ports);
    expect(calls).toEqual(['query', 'query']);
    expect(await queue.depth('release')).toMatchObject({ waiting: 0 });
    expect(await queue.depth('check')).toMatchObject({ waiting: 0 });
  });

  it('that comes while a sync is about to index its image is found the second time', async () => {
    const { world, event } = await createWorld();
    await event('2.0.0', 'd1', 'docker.io/acme/new');
    const policies = { automated: 'true' };
    const workloads = [{ id: 'shop:deployment/new', policies, containers: [{ name: 'app', image: 'acme/new:1' }] }];
    const images = { workloads, policies: [] };
    await indexImages(world.ports.store, { name: 'shop', source, namespace: 'shop', images });
    world.advance(31);
    await workCheck(await take(world, 'check'), world.ports);
    expect((await take(world, 'release')).body).toMatchObject({ cause: { kind: 'image', by: 'hub' } });
  });

  it('beside one that is waited for is looked at again all the same', async () => {
    const { world } = await createWorld();
    const changes = ['web', 'unused'].map((name) => ({
      kind: 'image' as const,
      image: `docker.io/acme/${name}`,
      tag: '1.1.0',
    }));
    const { runs } = await receive({ webhookId: 'hub', deliveryId: 'd1', by: 'hub', changes }, world.ports);
    expect(runs).toHaveLength(1);
    expect(await world.ports.queue.depth('check')).toMatchObject({ waiting: 1 });
  });

  it('of a target that is not automated costs nothing where no other is', async () => {
    const world = createJobWorld(targetsOf({ name: 'plain' }));
    const store = { ...world.ports.store, query: () => Promise.reject(new Error('asked')) };
    const changes = [{ kind: 'image' as const, image: 'docker.io/acme/web', tag: '1' }];
    expect(await receive({ webhookId: 'hub', by: 'hub', changes }, { ...world.ports, store })).toMatchObject({
      status: 204,
    });
  });

  it('of a target that has left the settings, or is suspended, asks for nothing', async () => {
    const world = createJobWorld(
      targetsOf({ name: 'shop', automation: {}, suspend: true }, { name: 'other', automation: {} }),
    );
    await use(world, 'shop');
    await use(world, 'gone');
    const changes = [{ kind: 'image' as const, image: 'docker.io/acme/web' }];
    expect(await receive({ webhookId: 'hub', by: 'hub', changes }, world.ports)).toEqual({ status: 204, runs: [] });
  });
});

describe('a worker of releases', () => {
  it('that ends well drops the events that it took, and none that came meanwhile', async () => {
    const { world, ports, event } = await createWorld(async () => {
      await event('1.2.0');
      return nothing;
    });
    const { runs } = await event('1.1.0');
    await workRelease(await take(world, 'release'), ports);
    expect(await world.run(runs[0])).toMatchObject({ status: 'succeeded' });
    expect((await readEvents(world.ports.store, releaseGroup(source))).map(({ tag }) => tag)).toEqual(['1.2.0']);
  });

  it('whose events another has taken is skipped; of one whose run is over nothing is done', async () => {
    const { world, ports, contexts, event } = await createWorld();
    const first = (await event('1.1.0')).runs[0];
    const second = (await event('1.1.0')).runs[0];
    const message = await take(world, 'release');
    await workRelease(message, ports);
    await workRelease(await take(world, 'release'), ports);
    expect(await world.run(second)).toMatchObject({ status: 'skipped', supersededBy: first });
    expect(contexts).toHaveLength(1);
    await ports.queue.send('release', [{ body: message.body, group: 'again', deduplicationId: 'again' }]);
    expect(await workRelease(await take(world, 'release'), ports)).toBe(true);
    expect(contexts).toHaveLength(1);
  });

  it('that finds no events, and nobody who took them, is skipped', async () => {
    const { world, ports, event } = await createWorld();
    const { runs } = await event('1.1.0');
    world.advance(90_000);
    await workRelease(await take(world, 'release'), ports);
    expect(await world.run(runs[0])).toMatchObject({ status: 'skipped' });
  });

  it('acknowledges what it cannot read, and leaves alone what is not its own', async () => {
    const { world, ports } = await createWorld();
    await ports.queue.send('release', [{ body: { kind: 'release' }, group: 'g', deduplicationId: '1' }]);
    const message = await take(world, 'release');
    expect(await workRelease(message, ports)).toBe(true);
    expect(await workRelease(message, ports)).toBe(false);
    expect(world.logged.at(-1)).toMatchObject({ message: 'malformed message acknowledged' });
  });

  it('of a branch that another is at goes back for a few seconds', async () => {
    const { world, ports, contexts, event } = await createWorld();
    const { store, clock } = world.ports;
    await event('1.1.0');
    const lease = await takeLease(store, clock, { target: releaseLease(source), holder: 'test/other', token: 't' });
    await workRelease(await take(world, 'release'), ports);
    expect(contexts).toEqual([]);
    await lease?.[Symbol.asyncDispose]();
    world.advance(6);
    await workCheck(await take(world, 'check'), world.ports);
    await workRelease(await take(world, 'release'), ports);
    expect(contexts).toHaveLength(1);
  });

  it('that died too often says so, and leaves the events to the next', async () => {
    const { world, ports, event } = await createWorld();
    const { runs } = await event('1.1.0');
    await workRelease({ ...(await take(world, 'release')), receiveCount: 5 }, ports);
    expect(await world.run(runs[0])).toMatchObject({
      status: 'failed',
      error: { message: `Cannot finish run "${runs[0]}": 4 workers died at it` },
    });
    expect(await readEvents(world.ports.store, releaseGroup(source))).toHaveLength(1);
  });

  it('of a branch of which no target is automated any more has failed', async () => {
    const { world, ports, event } = await createWorld();
    const { runs } = await event('1.1.0');
    await workRelease(await take(world, 'release'), { ...ports, targets: targetsOf({ name: 'shop' }) });
    expect(await world.run(runs[0])).toMatchObject({
      status: 'failed',
      error: { message: `Cannot release to "main" of "${source.url}": no target of it is automated` },
    });
  });

  it('that has to end puts its job back at once', async () => {
    const stop = new AbortController();
    const { world, ports, event } = await createWorld(async ({ signal }) => {
      stop.abort();
      signal.throwIfAborted();
      return nothing;
    });
    const { runs } = await event('1.1.0');
    await workRelease(await take(world, 'release'), ports, { stop: stop.signal });
    expect(await world.run(runs[0])).toMatchObject({ status: 'queued' });
    expect(await world.run(runs[0])).not.toHaveProperty('error');
    expect((await take(world, 'check')).body).toMatchObject({ kind: 'resend', job: { kind: 'release', attempt: 0 } });
  });

  it('that has lost its lease writes nothing more', async () => {
    const { world, ports, event } = await createWorld(async ({ held }) => {
      world.advance(61);
      held();
      return nothing;
    });
    const { runs } = await event('1.1.0');
    expect(await workRelease(await take(world, 'release'), ports)).toBe(false);
    expect(await world.run(runs[0])).toMatchObject({ status: 'queued' });
  });

  it('may not begin a run that was ended meanwhile', async () => {
    const { world, ports, event } = await createWorld(async ({ job, started }) => {
      await stepRun(world.ports.store, job.run, world.now(), (run) => endRun(run, 'failed', world.now()));
      await started(`main@sha1:${commit('a')}`);
      return nothing;
    });
    const { runs } = await event('1.1.0');
    await workRelease(await take(world, 'release'), ports);
    expect(await world.run(runs[0])).toMatchObject({ status: 'failed' });
    expect(await world.run(runs[0])).not.toHaveProperty('revision');
  });

  it('that fails for good keeps what it could do, and says what to do', async () => {
    const error = new Failure('user', 'Cannot push: the branch is protected');
    const { world, ports, event } = await createWorld(async () => ({ ...nothing, warnings: ['half'], error }));
    const { runs } = await event('1.1.0');
    await workRelease(await take(world, 'release'), ports);
    expect(await world.run(runs[0])).toMatchObject({
      status: 'failed',
      warnings: ['half'],
      error: { help: 'Correct it; the next event or sweep of its images tries again' },
    });
  });

  it('that was at it when its process ended is taken back, and its lease is broken', async () => {
    const { world, ports, contexts, event } = await createWorld(async ({ started }) => {
      await started(`main@sha1:${commit('a')}`);
      throw new Failure('server', 'killed');
    });
    const { runs } = await event('1.1.0');
    const message = await take(world, 'release');
    const { store, clock } = world.ports;
    await takeLease(store, clock, { target: releaseLease(source), holder: `test/${runs[0]}`, token: 'dead' });
    await takeBack(store, clock);
    await workRelease(message, ports);
    expect(contexts).toHaveLength(1);
  });
});

describe('a kill at any call', () => {
  it('of receive loses nothing: the event sent again is one run and one release', async () => {
    const kills = await killEverywhere(async (killAt) => {
      const { world, ports, contexts } = await createWorld();
      const changes = [{ kind: 'image' as const, image: 'docker.io/acme/web', tag: '1.1.0' }];
      const delivery = { webhookId: 'hub', deliveryId: 'd1', by: 'hub', changes };
      const mortal = killedAt(killAt, world.ports);
      await receive(delivery, mortal.ports).catch(() => undefined);
      world.advance(10);
      const { runs } = await receive(delivery, world.ports);
      await drain(world, ports);
      expect(await world.run(runs[0])).toMatchObject({ status: 'succeeded' });
      expect(contexts.map(({ job }) => job.run)).toEqual(runs);
      expect((await listRuns(world.ports.store, {}, world.now())).runs).toHaveLength(1);
      return mortal.isDead();
    });
    expect(kills).toBeGreaterThan(5);
  });

  it('of a worker is completed by the next delivery of its message, and its events are not lost', async () => {
    const kills = await killEverywhere(async (killAt) => {
      const { world, ports, contexts, event } = await createWorld(async ({ started }) => {
        await started(`main@sha1:${commit('a')}`);
        return nothing;
      });
      const { runs } = await event('1.1.0');
      const mortal = killedAt(killAt, world.ports);
      const message = await take(world, 'release');
      await workRelease(message, { ...ports, ...mortal.ports }).catch(() => undefined);
      await drain(world, ports);
      expect(await world.run(runs[0])).toMatchObject({ status: 'succeeded' });
      expect(contexts.length).toBeGreaterThan(0);
      world.advance(61);
      expect(await world.ports.store.get(`target/${releaseLease(source)}`, 'lease')).toBeUndefined();
      return mortal.isDead();
    });
    expect(kills).toBeGreaterThan(8);
  });

  /** Does all that is queued, moving the clock over what waits. */
  async function drain(world: JobWorld, ports: WorkReleasePorts): Promise<void> {
    for (let seconds = 0; seconds < 1800; seconds++) {
      const message = await world.next('release');
      if (message !== undefined) await workRelease(message, ports);
      const check = await world.next('check');
      if (check !== undefined) await workCheck(check, world.ports);
      if (message === undefined && check === undefined) world.advance(1);
      const depths = await Promise.all([ports.queue.depth('release'), ports.queue.depth('check')]);
      if (depths.every(({ waiting, inFlight }) => waiting + inFlight === 0)) return;
    }
    throw new Error('something is left');
  }
});

describe('schedule', () => {
  it('sweeps a branch that has something automated, once in its interval', async () => {
    const { world } = await createWorld();
    await stepTargetState(world.ports.store, 'shop', (state) => ({ ...state, last: last(world, 'succeeded') }));
    await schedule(0, world.ports);
    const { body } = await take(world, 'release');
    expect(body).toMatchObject({ kind: 'release', targets: ['shop'], cause: { kind: 'sweep', by: 'schedule' } });
    await schedule(0, world.ports);
    expect(await world.next('release')).toBeUndefined();
    world.advance(301);
    await schedule(0, world.ports);
    expect(await world.ports.queue.depth('release')).toMatchObject({ waiting: 1 });
  });

  it('syncs an automated target of which the index has nothing, so that it is rebuilt', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', automation: {} }, { name: 'plain' }));
    for (const name of ['shop', 'plain']) {
      await stepTargetState(world.ports.store, name, (state) => ({ ...state, last: last(world, 'succeeded') }));
    }
    await schedule(10, world.ports);
    expect((await take(world, 'sync')).body).toMatchObject({ target: 'shop', cause: { kind: 'sweep' } });
    expect(await world.next('sync')).toBeUndefined();
    expect(await world.next('release')).toBeUndefined();
  });

  it('ends the run of a release that nobody will end, and leaves its target alone', async () => {
    const { world, event } = await createWorld();
    const { runs } = await event('1.1.0');
    world.advance(1300);
    await stepTargetState(world.ports.store, 'shop', (state) => ({ ...state, last: last(world, 'succeeded') }));
    await schedule(0, world.ports);
    expect(await world.run(runs[0])).toMatchObject({
      status: 'failed',
      error: { help: expect.stringContaining('The next event or sweep of its images tries again') },
    });
  });

  function last(world: JobWorld, status: 'succeeded') {
    return { run: 'r', status, at: world.now() };
  }
});
