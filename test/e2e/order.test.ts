import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { describeCluster } from '../parts/api-server.ts';
import { startGitHttp } from '../parts/git-http.ts';
import { configMap, openStage, type Pushed, revisionOf, type Stage, type StageServe } from './stage.ts';

/** The stories mostly wait: they are told side by side. */
describeCluster('the order of pushes', (kubeconfig) => {
  it.concurrent('two pushes delivered in the wrong order end at the head', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const { url } = stage.repository;
    const first = await serve.push(prices('1'));
    await serve.ended(first.run);
    const older = await stage.repository.commit(prices('2'));
    const newer = await stage.repository.commit(prices('3'));
    const [late = ''] = await serve.pushed({ url, before: older, after: newer });
    expect(await serve.ended(late)).toMatchObject({ status: 'succeeded', revision: revisionOf(newer) });
    const [early = ''] = await serve.pushed({ url, before: first.commit, after: older });
    expect(await stage.configMaps()).toEqual({ prices: { tea: '3' } });
    // To the second one the head looks like that of a replica which lags behind: it is believed after a minute.
    const unchanged = await serve.ended(early, 100);
    expect(unchanged).toMatchObject({ status: 'succeeded', revision: revisionOf(newer), changes: { unchanged: 1 } });
    expect(await stage.configMaps()).toEqual({ prices: { tea: '3' } });
  }, 150_000);

  it.concurrent('two pushes delivered in the wrong order do not keep the next one waiting', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const { url } = stage.repository;
    const first = await serve.push(prices('1'));
    await serve.ended(first.run);
    const older = await stage.repository.commit(prices('2'));
    const newer = await stage.repository.commit(prices('3'));
    const [late = ''] = await serve.pushed({ url, before: older, after: newer });
    await serve.ended(late);
    const [early = ''] = await serve.pushed({ url, before: first.commit, after: older });
    const next = await serve.push(prices('4'));
    const runs = await serve.idle(30);
    const { supersededBy = next.run } = await serve.run(next.run);
    expect(await serve.run(supersededBy)).toMatchObject({ status: 'succeeded', revision: revisionOf(next.commit) });
    expect(runs.map(({ id }) => id)).toEqual([next.run, early, late, first.run]);
    expect(await stage.configMaps()).toEqual({ prices: { tea: '4' } });
  });

  it.concurrent('the same delivery three times is one run and one sync', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const after = await stage.repository.commit(prices('1'));
    const push = { url: stage.repository.url, before: '0'.repeat(40), after, delivery: 'the-delivery' };
    const together = await Promise.all([serve.pushed(push), serve.pushed(push)]);
    const [run = ''] = together[0];
    await serve.ended(run);
    expect([...together, await serve.pushed(push)]).toEqual([[run], [run], [run]]);
    expect(await serve.idle()).toMatchObject([{ id: run, status: 'succeeded', changes: { created: 1 } }]);
  });

  it.concurrent.each([
    ['one after the other', true],
    ['at once', false],
  ])('A→B→A within a minute, delivered %s, ends at A', async (_, isPatient) => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const pushes: Pushed[] = [];
    for (const tea of ['A', 'B', 'A', 'B', 'A']) {
      const pushed = await serve.push(prices(tea));
      pushes.push(pushed);
      if (isPatient) expect(await serve.ended(pushed.run)).toMatchObject({ status: 'succeeded' });
    }
    expectCovered(await serve.idle(), pushes);
    expect(await stage.configMaps()).toEqual({ prices: { tea: 'A' } });
  });

  it.concurrent('a force push to the previous commit, and forth again, is followed', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const { url } = stage.repository;
    const first = await serve.push({ ...prices('A'), 'offers.yaml': configMap('offers') });
    await serve.ended(first.run);
    const second = await serve.push({ ...prices('B'), 'offers.yaml': null });
    await serve.ended(second.run);
    for (const [before, after] of [
      [second.commit, first.commit],
      [first.commit, second.commit],
      [second.commit, first.commit],
    ] as const) {
      await force(stage, after);
      const [run = ''] = await serve.pushed({ url, before, after });
      const isBack = after === first.commit;
      expect(await serve.ended(run)).toMatchObject({
        status: 'succeeded',
        revision: revisionOf(after),
        changes: { configured: 1, created: isBack ? 1 : 0, deleted: isBack ? 0 : 1 },
      });
    }
    expect(await stage.configMaps()).toEqual({ prices: { tea: 'A' }, offers: {} });
  });

  it.concurrent('a branch that is deleted removes nothing, and is followed when it is there again', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const { url } = stage.repository;
    const zeros = '0'.repeat(40);
    const first = await serve.push(prices('1'));
    await serve.ended(first.run);
    await stage.repository.configure('receive.denyDeleteCurrent', 'ignore');
    await stage.repository.git('push', '-q', stage.repository.bare, ':refs/heads/main');
    expect(await serve.deliver({ url, before: first.commit, after: zeros })).toMatchObject({ status: 204 });
    const gone = await serve.ended(await serve.sync('shop'));
    expect(gone).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('"main"') } });
    expect(gone.error?.fault).not.toBe('server');
    expect(await stage.configMaps()).toEqual({ prices: { tea: '1' } });
    const after = await stage.repository.commit(prices('2'));
    const [run = ''] = await serve.pushed({ url, before: zeros, after });
    expect(await serve.ended(run)).toMatchObject({ status: 'succeeded', revision: revisionOf(after) });
    expect(await stage.configMaps()).toEqual({ prices: { tea: '2' } });
  });

  it.concurrent('a forge that serves the old head for 5 s after the hook is waited for', async () => {
    await using stage = await openStage(kubeconfig);
    await using git = await startGitHttp({ root: stage.directory });
    await using serve = await stage.serve({ source: { url: `${git.url}/shop.git` } });
    const first = await serve.push(prices('1'));
    await serve.ended(first.run);
    await git.freeze(5);
    const frozenAt = Date.now();
    const second = await serve.push(prices('2'));
    const run = await serve.ended(second.run);
    expect(Date.now() - frozenAt).toBeGreaterThan(5000);
    expect(run).toMatchObject({ status: 'succeeded', revision: revisionOf(second.commit), changes: { configured: 1 } });
    expect(await stage.configMaps()).toEqual({ prices: { tea: '2' } });
    expect(await serve.runs()).toHaveLength(2);
  });

  it.concurrent('a forge that serves the old head for 5 s after two hooks is waited for', async () => {
    await using stage = await openStage(kubeconfig);
    await using git = await startGitHttp({ root: stage.directory });
    await using serve = await stage.serve({ source: { url: `${git.url}/shop.git` } });
    const first = await serve.push(prices('1'));
    await serve.ended(first.run);
    await git.freeze(5);
    const second = await serve.push(prices('2'));
    const third = await serve.push(prices('1'));
    await serve.ended(second.run);
    await serve.ended(third.run);
    expectCovered(await serve.runs(), [first, second, third]);
    expect(await stage.configMaps()).toEqual({ prices: { tea: '1' } });
  });

  it.concurrent.each([
    ['delivered at once', 0],
    ['delivered one by one, after the last of them', 150],
  ])(
    'twenty pushes %s, are at most two syncs beyond the first',
    async (_, pauseMs) => {
      await using stage = await openStage(kubeconfig);
      await using serve = await stage.serve();
      const commits: string[] = [];
      for (let count = 0; count <= 20; count++) commits.push(await stage.repository.commit(prices(`${count}`)));
      await force(stage, commits[0] ?? '');
      await serve.ended(await serve.sync('shop'));
      const head = commits.at(-1) ?? '';
      await force(stage, head);
      const pushes = await deliverAll(serve, stage.repository.url, commits, pauseMs);
      const runs = (await serve.idle(90)).filter(({ cause }) => cause.kind === 'push');
      expectCovered(runs, pushes);
      expect(runs.filter(({ status }) => status !== 'skipped').length).toBeLessThanOrEqual(3);
      expect(await stage.configMaps()).toEqual({ prices: { tea: '20' } });
    },
    120_000,
  );
});

function prices(tea: string): Record<string, string> {
  return { 'prices.yaml': configMap('prices', { tea }) };
}

async function force(stage: Stage, commit: string): Promise<void> {
  await stage.repository.git('push', '-q', '--force', stage.repository.bare, `${commit}:refs/heads/main`);
}

async function deliverAll(
  serve: StageServe,
  url: string,
  commits: readonly string[],
  pauseMs: number,
): Promise<readonly Pushed[]> {
  const deliveries: Promise<Pushed>[] = [];
  for (const [index, commit] of commits.entries()) {
    const before = commits[index - 1];
    if (before === undefined) continue;
    const delivered = serve.pushed({ url, before, after: commit });
    deliveries.push(delivered.then((runs) => ({ commit, before, runs, run: runs[0] ?? '' })));
    await sleep(pauseMs);
  }
  return await Promise.all(deliveries);
}

/**
 * Every push, in the order of their commits, has a run that succeeded at its commit or a later one, or was made needless by one that did;
 * the last of them at the last commit.
 */
function expectCovered(runs: readonly Run[], pushes: readonly Pushed[]): void {
  expect(runs.map(({ id }) => id).toSorted()).toEqual(pushes.map(({ run }) => run).toSorted());
  const revisions = pushes.map(({ commit }) => revisionOf(commit));
  for (const [index, push] of pushes.entries()) {
    const own = runs.find(({ id }) => id === push.run);
    const run = own?.status === 'skipped' ? runs.find(({ id }) => id === own.supersededBy) : own;
    expect(run?.status, JSON.stringify(own)).toBe('succeeded');
    expect(revisions.indexOf(run?.revision ?? ''), JSON.stringify(own)).toBeGreaterThanOrEqual(index);
  }
}
