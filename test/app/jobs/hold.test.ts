import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import type { SyncContext } from '../../../lib/app/outcome.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { commit, createJobWorld, type JobWorld, synced, take } from './job-world.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Both the timers and the clock of store and queue. */
async function pass(world: JobWorld, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    world.advance(1);
    await vi.advanceTimersByTimeAsync(1000);
    // What a timer has begun to write is written when this is; who waits for it goes on.
    await world.ports.store.put({ partition: 'test', sort: 'time', order: world.now(), body: 1 });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A sync that goes on until it is aborted, and then throws what a client does. */
function endless(onContext: (context: SyncContext) => Promise<void> | void) {
  return async (context: SyncContext) => {
    await context.started(`main@sha1:${commit('b')}`);
    await onContext(context);
    if (!context.signal.aborted) {
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
    }
    throw new Failure('server', 'Cannot reach "https://k8s.example": aborted', { cause: context.signal.reason });
  };
}

describe('a worker', () => {
  it('that works for five minutes keeps its message and its lease', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    async function sync({ started, held }: SyncContext) {
      await started(`main@sha1:${commit('b')}`);
      for (let minute = 0; minute < 5; minute++) {
        await pass(world, 60);
        held();
        expect(await world.next('sync')).toBeUndefined();
        expect((await world.ports.store.get('target/shop', 'lease'))?.body).toMatchObject({ holder: `test/${id}` });
      }
      return synced(commit('b'));
    }
    await workSync(await take(world, 'sync'), { ...world.ports, sync });
    expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
    expect(await world.ports.queue.depth('sync')).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  it.each([
    ['message', async (world: JobWorld) => void (await world.next('sync'))],
    ['lease', async (world: JobWorld) => void (await world.ports.store.delete('target/shop', 'lease'))],
  ])('that has lost its %s aborts, and neither records nor acknowledges', async (what, lose) => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const message = await take(world, 'sync');
    let reason: unknown;
    const sync = endless(async ({ signal }) => {
      if (what === 'message') world.advance(61);
      await lose(world);
      await pass(world, 16);
      reason = signal.reason;
    });
    await workSync(message, { ...world.ports, sync });
    expect(reason).toMatchObject({ fault: 'server', message: expect.stringContaining('no longer ours') as string });
    expect(await world.run(id)).toMatchObject({ status: 'running' });
    expect(await world.ports.queue.depth('check')).toMatchObject({ waiting: 0 });
    expect(await world.ports.queue.depth('sync')).not.toMatchObject({ waiting: 0, inFlight: 0 });
  });

  it('that cannot reach the store once goes on, and after 45 s aborts', async () => {
    const world = createJobWorld();
    await world.push('d1', commit('b'));
    const { store } = world.ports;
    let isDown = false;
    const put: typeof store.put = (...given) =>
      isDown ? Promise.reject(new Failure('server', 'Cannot write: no answer')) : store.put(...given);
    const seen: boolean[] = [];
    const sync = endless(async ({ signal }) => {
      isDown = true;
      await pass(world, 20);
      seen.push(signal.aborted);
      isDown = false;
      await pass(world, 20);
      isDown = true;
      await pass(world, 31);
      seen.push(signal.aborted);
      await pass(world, 16);
      seen.push(signal.aborted);
    });
    await workSync(await take(world, 'sync'), { ...world.ports, store: { ...store, put }, sync });
    expect(seen).toEqual([false, false, true]);
  });

  it('stops 20 s before its time ends and puts the job back: another goes on at once', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const began = world.now();
    const stopped: number[] = [];
    const sync = endless(({ signal }) => {
      signal.addEventListener('abort', () => stopped.push((world.now() - began) / 1000));
    });
    const working = workSync(await take(world, 'sync'), { ...world.ports, sync }, { deadline: began + 120_000 });
    await vi.waitFor(async () => expect(await world.run(id)).toMatchObject({ status: 'running' }));
    await pass(world, 101);
    await working;
    expect(stopped).toEqual([100]);
    expect(await world.run(id)).toMatchObject({ status: 'queued' });
    expect(await world.run(id)).not.toHaveProperty('error');
    expect((await take(world, 'check')).body).toMatchObject({ kind: 'resend', job: { run: id, attempt: 0 } });
    expect(await world.ports.queue.depth('sync')).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  it('that loses its lease while it stops writes nothing', async () => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const stop = new AbortController();
    const refusals: unknown[] = [];
    const sync = endless(async ({ held }) => {
      stop.abort();
      world.advance(62);
      for (let asks = 0; asks < 2; asks++) {
        try {
          held();
        } catch (error) {
          refusals.push(error);
        }
      }
    });
    await workSync(await take(world, 'sync'), { ...world.ports, sync }, { stop: stop.signal });
    expect(refusals).toMatchObject([{ code: 'Aborted' }, { code: 'Aborted' }]);
    expect(await world.run(id)).toMatchObject({ status: 'running' });
    expect(await world.ports.queue.depth('check')).toMatchObject({ waiting: 0 });
  });

  it.each(['before', 'while'])('of a process that is to end, told %s it works, puts the job back', async (when) => {
    const world = createJobWorld();
    const [id] = await world.push('d1', commit('b'));
    const stop = new AbortController();
    if (when === 'before') stop.abort();
    const sync = when === 'before' ? world.ports.sync : endless(() => stop.abort());
    await workSync(await take(world, 'sync'), { ...world.ports, sync }, { stop: stop.signal });
    expect(await world.run(id)).toMatchObject({ status: 'queued' });
    vi.useRealTimers();
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status: 'succeeded' });
    expect(world.place('shop').applied).toEqual([commit('b')]);
  });
});
