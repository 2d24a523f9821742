import { describe, expect, it } from 'vitest';
import { requestSync } from '../../../lib/app/jobs/request-sync.ts';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import type { SyncContext } from '../../../lib/app/outcome.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { formatRevision } from '../../../lib/domain/jobs/revision.ts';
import { commit, createJobWorld, type JobPorts, take, targetsOf } from './job-world.ts';

function failing(failure: Failure, base: JobPorts): JobPorts {
  return { ...base, sync: () => Promise.reject(failure) };
}

const theirs = new Failure('user', 'Cannot render "clusters/a": line 3 is no YAML', { help: 'Mend the file' });

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
