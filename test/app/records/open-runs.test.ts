import { describe, expect, it } from 'vitest';
import { requestSync } from '../../../lib/app/jobs/request-sync.ts';
import { findOpenRuns } from '../../../lib/app/records/open-runs.ts';
import { runPartition } from '../../../lib/app/records/run-partitions.ts';
import { stepRun } from '../../../lib/app/records/runs.ts';
import { readTargetStates } from '../../../lib/app/records/target-state.ts';
import { endRun, startRun } from '../../../lib/domain/jobs/run.ts';
import { runIdOf } from '../../../lib/domain/jobs/run-id.ts';
import { commit, createJobWorld, type JobWorld, take, targetsOf } from '../jobs/job-world.ts';

describe('the open runs', () => {
  it('are found among more than one page of runs, and states of more than one page of targets', async () => {
    const world = createJobWorld();
    const { store } = world.ports;
    const begun = await Promise.all(
      Array.from({ length: 502 }, async (_, n) => {
        const id = runIdOf(world.now() + n, []);
        const run = { id, target: 'shop', status: n === 0 || n === 501 ? 'queued' : 'failed' };
        await store.put({ partition: runPartition(world.now()), sort: id, order: 1, body: { run, writtenAt: 0 } });
        await store.put({ partition: 'targets', sort: `t${n}`, order: 1, body: { target: `t${n}` } });
        return id;
      }),
    );
    const open = await findOpenRuns(store, world.now());
    expect(open.map(({ run }) => run.id)).toEqual([begun[0], begun[501]]);
    expect((await readTargetStates(store)).size).toBe(502);
  });

  it('are found over the turn of a month and days later, and those that are over are not looked at again', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', interval: 0 }));
    world.advance(30 * 86_400 + 13 * 3600 + 3599);
    const id = await runningRun(world);
    expect((await findOpenRuns(world.ports.store, world.now())).map(({ run }) => run.id)).toEqual([id]);
    world.advance(5 * 86_400);
    const later = await requestSync('shop', { by: 'ci' }, world.ports);
    expect((await findOpenRuns(world.ports.store, world.now())).map(({ run }) => run.id)).toEqual([id, later.id]);
    await stepRun(world.ports.store, id, world.now(), (run) => endRun(run, 'failed', world.now()));
    await findOpenRuns(world.ports.store, world.now());
    await findOpenRuns(world.ports.store, world.now());
    expect((await world.ports.store.get('schedule', 'open-runs'))?.order).toBe(world.now() - 600_000);
  });
});

/** A run whose worker has just died, and its message with it. */
async function runningRun(world: JobWorld): Promise<string> {
  const { id } = await requestSync('shop', { by: 'ci' }, world.ports);
  await world.ports.queue.acknowledge(await take(world, 'sync'));
  await stepRun(world.ports.store, id, world.now(), (run) => startRun(run, `main@sha1:${commit('b')}`, world.now()));
  return id;
}
