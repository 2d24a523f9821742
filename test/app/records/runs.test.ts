import { describe, expect, it } from 'vitest';
import { listRuns, type RunPage } from '../../../lib/app/records/run-list.ts';
import { createRun, getRun, readRun, stepRun } from '../../../lib/app/records/runs.ts';
import { endRun, type ObjectResult, queueRun, type RunSummary, startRun } from '../../../lib/domain/jobs/run.ts';
import { runIdOf } from '../../../lib/domain/jobs/run-id.ts';
import { commit, createJobWorld, type JobWorld } from '../jobs/job-world.ts';

const day = 86_400;

function runOf(at: number, name: string, target = 'shop'): RunSummary {
  const cause = { kind: 'manual', by: 'ci' } as const;
  return queueRun({ kind: 'sync', target, run: runIdOf(at, [name]), cause, attempt: 0 }, at);
}

async function created(world: JobWorld, name: string, target?: string): Promise<string> {
  const run = runOf(world.now(), name, target);
  await createRun(world.ports.store, run, world.now());
  return run.id;
}

function failedObjects(count: number, error: string): ObjectResult[] {
  return Array.from({ length: count }, (_, n) => ({ id: `default:configmap/c-${n}`, action: 'failed', error }));
}

describe('a run', () => {
  it('that is created twice stays as it is', async () => {
    const world = createJobWorld();
    const { store } = world.ports;
    const run = runOf(world.now(), 'a');
    await createRun(store, run, world.now());
    await stepRun(store, run.id, world.now(), (found) => endRun(found, 'skipped', world.now()));
    await createRun(store, run, world.now());
    expect(await readRun(store, run.id)).toMatchObject({ status: 'skipped' });
    expect((await listRuns(store, { target: 'shop' }, world.now())).runs).toHaveLength(1);
  });

  it.each(['', 'nonsense', '../../etc/passwd', '0m7q16ps0zzzzzzzzzzzzzzzz', runIdOf(0, ['a'])])(
    'with the id "%s" is not there, and no step makes it',
    async (id) => {
      const { store } = createJobWorld().ports;
      expect(await getRun(store, id)).toBeUndefined();
      expect(await stepRun(store, id, 0, (run) => run)).toBeUndefined();
    },
  );

  it('of 5,000 objects that all fail is recorded with the first thousand and all numbers', async () => {
    const world = createJobWorld();
    const { store } = world.ports;
    const id = await created(world, 'a');
    const changes = { created: 0, configured: 0, unchanged: 0, deleted: 0, skipped: 0, failed: 5000 };
    const objects = failedObjects(5000, `denied ${'€'.repeat(2000)}`);
    const error = { fault: 'user', message: `Cannot apply 5000 of 5000 objects: ${'x'.repeat(9000)}` } as const;
    const warnings = Array.from({ length: 300 }, () => 'w'.repeat(900));
    const end = { error, result: { changes, warnings } };
    await stepRun(store, id, world.now(), (run) => endRun(run, 'failed', world.now(), end), objects);
    const run = await world.run(id);
    expect(run.changes.failed).toBe(5000);
    expect(run.objects.map((object) => object.id)).toEqual(objects.slice(0, 1000).map((object) => object.id));
    expect(run.objects[999]?.error).toMatch(/^denied €+…$/);
    expect(run.objects[999]?.error).toHaveLength(500);
    expect(run.error?.message).toHaveLength(4000);
    expect(run.warnings).toHaveLength(100);
    expect(run.warnings?.[0]).toHaveLength(500);
  });

  it('with objects that do not compress fits the items of a store', async () => {
    const world = createJobWorld();
    const id = await created(world, 'a');
    const random = () =>
      Array.from({ length: 500 }, () => String.fromCharCode(0x4e00 + Math.random() * 20_000)).join('');
    const objects = Array.from({ length: 1000 }, (_, n) => ({
      id: `ns:kind/${n}`,
      action: 'failed' as const,
      error: random(),
      warning: random(),
    }));
    await stepRun(world.ports.store, id, world.now(), (run) => endRun(run, 'failed', world.now()), objects);
    expect((await world.run(id)).objects).toEqual(objects);
  });

  it('shows the objects that are left when a part of them was lost', async () => {
    const world = createJobWorld();
    const { store } = world.ports;
    const id = await created(world, 'a');
    const objects = failedObjects(1000, 'denied '.repeat(60));
    await stepRun(store, id, world.now(), (run) => endRun(run, 'failed', world.now()), objects);
    const [chunk] = await store.query(`run/${id}`);
    await store.delete(`run/${id}`, chunk?.sort ?? '');
    const left = (await world.run(id)).objects;
    expect(left.length).toBeLessThan(1000);
    expect(left.length).toBeGreaterThan(500);
  });

  it('is refused with an id that is none', async () => {
    const { store } = createJobWorld().ports;
    await expect(createRun(store, { ...runOf(0, 'a'), id: 'x' }, 0)).rejects.toThrow(TypeError);
  });

  it('keeps the objects that it has through a step without any', async () => {
    const world = createJobWorld();
    const id = await created(world, 'a');
    const objects = failedObjects(300, 'denied');
    const revision = `main@sha1:${commit('b')}` as const;
    await stepRun(world.ports.store, id, world.now(), (run) => startRun(run, revision, world.now()), objects);
    await stepRun(world.ports.store, id, world.now(), (run) => endRun(run, 'failed', world.now()));
    expect((await world.run(id)).objects).toEqual(objects);
  });

  it('is gone after 90 days, with its objects and its place in the lists', async () => {
    const world = createJobWorld();
    const { store } = world.ports;
    const id = await created(world, 'a');
    await stepRun(store, id, world.now(), (run) => endRun(run, 'failed', world.now()), failedObjects(300, 'denied'));
    world.advance(90 * day - 1);
    expect((await world.run(id)).objects).toHaveLength(300);
    world.advance(2);
    expect(await getRun(store, id)).toBeUndefined();
    for (const query of [{}, { target: 'shop' }]) expect((await listRuns(store, query, world.now())).runs).toEqual([]);
    expect(await store.query(`run/${id}`)).toEqual([]);
  });
});

describe('the list of runs', () => {
  /** 60 runs of two targets over 80 days, oldest first. */
  async function manyRuns(world: JobWorld): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 0; n < 60; n++) {
      ids.push(await created(world, `${n}`, n % 3 === 0 ? 'shop' : 'web'));
      world.advance((80 * day) / 60);
    }
    return ids;
  }

  async function pages(world: JobWorld, query: { target?: string; limit?: number }): Promise<RunPage[]> {
    const found: RunPage[] = [];
    let after: string | undefined;
    do {
      const page = await listRuns(world.ports.store, { ...query, ...(after && { after }) }, world.now());
      found.push(page);
      after = page.next;
    } while (after !== undefined);
    return found;
  }

  it.each([
    ['of all targets', {}, [50, 10]],
    ['of all targets', { limit: 7 }, [7, 7, 7, 7, 7, 7, 7, 7, 4]],
    ['of one', { target: 'shop' }, [20]],
    ['of one', { target: 'shop', limit: 9 }, [9, 9, 2]],
    ['of one that never was', { target: 'nobody' }, [0]],
  ])('%s with %o comes in pages, newest first and each run once', async (_, query, lengths) => {
    const world = createJobWorld();
    const ids = await manyRuns(world);
    const found = await pages(world, query);
    expect(found.map(({ runs }) => runs.length)).toEqual(lengths);
    const expected = 'target' in query ? ids.filter((_id, n) => query.target === 'shop' && n % 3 === 0) : ids;
    expect(found.flatMap(({ runs }) => runs.map(({ id }) => id))).toEqual(expected.toReversed());
  });

  it('shows the first of the objects of each run', async () => {
    const world = createJobWorld();
    const id = await created(world, 'a');
    const objects = failedObjects(1000, 'denied');
    await stepRun(world.ports.store, id, world.now(), (run) => endRun(run, 'failed', world.now()), objects);
    const [run] = (await listRuns(world.ports.store, {}, world.now())).runs;
    expect(run?.objects).toEqual(objects.slice(0, 100));
  });
});
