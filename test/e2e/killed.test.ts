import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { describeCluster } from '../parts/api-server.ts';
import { startGitHttp } from '../parts/git-http.ts';
import { readyPods } from './ready-pods.ts';
import { configMap, openStage, revisionOf, type Stage, type StageServe } from './stage.ts';

describeCluster('sluice serve', (kubeconfig) => {
  it('killed at any moment of a sync, and the commit reverted, ends at the reverted state', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const open = { 'prices.yaml': configMap('prices', { tea: '2' }), 'offers.yaml': configMap('offers') };
    const accepted = [(await serve.push(open)).run];
    await serve.idle();
    const warm = await serve.ended((await serve.push({ ...open, 'news.yaml': configMap('news') })).run);
    accepted.push(warm.id, (await serve.push({ 'news.yaml': null })).run);
    await serve.idle();
    // From before the worker has begun to after the run has ended.
    const longest = 1.4 * (Date.parse(warm.finishedAt!) - Date.parse(warm.queuedAt));
    for (const milliseconds of Array.from({ length: 12 }, (_, index) => Math.round((index / 11) * longest))) {
      const change = await serve.push({
        'prices.yaml': configMap('prices', { tea: `killed after ${milliseconds} ms` }),
        'offers.yaml': null,
        'news.yaml': configMap('news', { at: `${milliseconds}` }),
      });
      await sleep(milliseconds);
      await serve.kill();
      const left = await stage.configMaps();
      const revert = await stage.repository.commit({ ...open, 'news.yaml': null });
      await serve.restart();
      const restartedAt = Date.now();
      const push = { url: stage.repository.url, before: change.commit, after: revert };
      accepted.push(change.run, ...(await serve.pushed(push)));
      const runs = await serve.idle(20);
      expect(Date.now() - restartedAt, 'work goes on').toBeLessThan(10_000);
      expect(await stage.configMaps(), `killed after ${milliseconds} ms`).toEqual({ prices: { tea: '2' }, offers: {} });
      expectTold(runs, revert, left);
    }
    for (const id of accepted) expect(['succeeded', 'skipped']).toContain((await serve.run(id)).status);
    expect(await countRuns(serve)).toBe(accepted.length);
  }, 180_000);

  it('killed as soon as an object shows up in the cluster, and the commit reverted, ends at the reverted state', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const open = { 'prices.yaml': configMap('prices', { tea: '2' }) };
    await serve.ended((await serve.push(open)).run);
    for (const milliseconds of [0, 0, 3, 6, 10, 20]) {
      const name = `news-${randomUUID().slice(0, 8)}`;
      const change = await serve.push({
        ...manyConfigMaps(name, 30),
        'prices.yaml': configMap('prices', { tea: '3' }),
      });
      await untilFound(stage, `${name}-7`);
      await sleep(milliseconds);
      await serve.kill();
      const left = await stage.configMaps();
      await serve.restart();
      // The revert arrives when the run that was killed is at work again, or done.
      const revert = await serve.push({ 'news.yaml': null, ...open });
      const runs = await serve.idle(20);
      expect(await stage.configMaps()).toEqual({ prices: { tea: '2' } });
      expect(await serve.run(change.run)).not.toMatchObject({ status: 'failed' });
      expectTold(runs, revert.commit, left);
    }
  }, 120_000);

  it('killed while it takes a delivery does it when the sender tries again: one run, and no second one', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    for (const milliseconds of [0, 2, 4, 8, 16]) {
      const after = await stage.repository.commit({ 'prices.yaml': configMap('prices', { after: `${milliseconds}` }) });
      const push = { url: stage.repository.url, after, delivery: `killed-after-${milliseconds}` };
      const cut = serve.deliver(push).catch(() => undefined);
      await sleep(milliseconds);
      await serve.kill();
      await cut;
      await serve.restart();
      const [run = ''] = await serve.pushed(push);
      expect(await serve.ended(run)).toMatchObject({ status: 'succeeded', revision: revisionOf(after) });
    }
    expect(await serve.idle()).toHaveLength(5);
  }, 120_000);

  it('with its data lost restores everything by one sync, and neither makes anew nor forgets an object', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    await serve.ended((await serve.push(manyConfigMaps('item', 20))).run);
    const before = await uidsOf(stage);
    await serve.kill();
    await rm(serve.data, { recursive: true });
    const path = `/api/v1/namespaces/${stage.namespace}/configmaps`;
    await stage.api('DELETE', `${path}/item-3`);
    await stage.api('PATCH', `${path}/item-4`, { data: { value: 'x' } }, mergePatch);
    await stage.repository.commit(manyConfigMaps('item', 19));
    await serve.restart();
    const run = await serve.ended(await serve.sync('shop'));
    expect(run).toMatchObject({
      status: 'succeeded',
      changes: { created: 1, configured: 1, unchanged: 17, deleted: 1, failed: 0 },
    });
    const after = await uidsOf(stage);
    expect(Object.keys(after).toSorted()).toEqual(
      Object.keys(before)
        .filter((name) => name !== 'item-19')
        .toSorted(),
    );
    for (const [name, uid] of Object.entries(after)) if (name !== 'item-3') expect(uid, name).toBe(before[name]);
    expect((await stage.configMaps())['item-4']).toEqual({ value: '4' });
    expect(await serve.ended(await serve.sync('shop'))).toMatchObject({ changes: { unchanged: 19 }, objects: [] });
  });

  it('told to stop while it fetches drains within 20 s, and the run goes on after the next start', async () => {
    await using stage = await openStage(kubeconfig);
    await using git = await startGitHttp({ root: stage.directory });
    await using serve = await stage.serve({ source: { url: `${git.url}/shop.git` } });
    git.fault = 'hang';
    const pushed = await serve.push({ 'prices.yaml': configMap('prices') });
    while (git.requests.length === 0) await sleep(20);
    expect(await stopTimed(serve)).toEqual({ code: 0, isSoon: true });
    git.fault = undefined;
    await serve.restart();
    expect(await serve.ended(pushed.run)).toMatchObject({ status: 'succeeded', changes: { created: 1 } });
  });

  it('told to stop while it applies drains, and the run goes on after the next start', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const pushed = await serve.push(manyConfigMaps('item', 600));
    await untilFound(stage, 'item-60');
    expect(await stopTimed(serve)).toEqual({ code: 0, isSoon: true });
    await serve.restart();
    expect(await serve.ended(pushed.run)).toMatchObject({ status: 'succeeded', changes: { failed: 0, deleted: 0 } });
    expect(Object.keys(await stage.configMaps())).toHaveLength(600);
    expect(await serve.runs()).toHaveLength(1);
  });

  it('told to stop, or killed, while a run waits for health looks at it again after the next start', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const pushed = await serve.push({ 'web.yaml': deployment });
    await untilWaiting(serve, pushed.run);
    expect(await stopTimed(serve)).toEqual({ code: 0, isSoon: true });
    await serve.restart();
    expect(await serve.run(pushed.run)).toMatchObject({ status: 'running', phase: 'waiting' });
    await serve.kill();
    await serve.restart();
    await using _ = readyPods(stage.api, stage.namespace);
    expect(await serve.ended(pushed.run, 45)).toMatchObject({ status: 'succeeded', changes: { created: 1 } });
  });

  it('refuses to be a second one on the same data, in one line, and the first one goes on', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const main = join(import.meta.dirname, '../../lib/cli/main.ts');
    const args = [main, 'serve', '--config', 'sluice.yaml', '--port', '0', '--data', 'data'];
    const { promise, resolve } = Promise.withResolvers<{ code: unknown; stdout: string; stderr: string }>();
    execFile(process.execPath, args, { cwd: serve.directory }, (error, stdout, stderr) =>
      resolve({ code: error?.code, stdout, stderr }),
    );
    const { code, stdout, stderr } = await promise;
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^.*Cannot open "data\/sluice\.db": [^\n]+\n( {2}[^\n]+\n)?$/);
    expect(await serve.ended((await serve.push({ 'a.yaml': configMap('a') })).run)).toMatchObject({
      status: 'succeeded',
    });
  });
});

const mergePatch = { 'content-type': 'application/merge-patch+json' };

/**
 * What the cluster held of the change when it was killed was not said to be unchanged by everyone who came after: a run at the revert
 * that succeeded has taken it back.
 */
function expectTold(runs: readonly Run[], revert: string, left: Readonly<Record<string, unknown>>): void {
  const isChanged = JSON.stringify(left.prices) !== JSON.stringify({ tea: '2' });
  const after = runs.filter(({ status, revision }) => status === 'succeeded' && revision === revisionOf(revert));
  expect(after.length).toBeGreaterThan(0);
  if (isChanged) expect(after.some(({ changes }) => changes.configured + changes.deleted > 0)).toBe(true);
}

async function countRuns(serve: StageServe): Promise<number> {
  let count = 0;
  let next: string | undefined = '';
  while (next !== undefined) {
    const { body } = await serve.request('GET', `/v1/runs?target=shop${next && `&after=${next}`}`);
    count += body.runs.length;
    next = body.next;
  }
  return count;
}

function manyConfigMaps(name: string, count: number): Record<string, string> {
  const maps = Array.from({ length: count }, (_, index) => configMap(`${name}-${index}`, { value: `${index}` }));
  return { 'news.yaml': maps.join('---\n') };
}

async function uidsOf({ api, namespace }: Stage): Promise<Record<string, string>> {
  const selector = encodeURIComponent('applyset.kubernetes.io/part-of');
  const { body } = await api('GET', `/api/v1/namespaces/${namespace}/configmaps?labelSelector=${selector}`);
  const items = body.items as { metadata: { name: string; uid: string } }[];
  return Object.fromEntries(items.map(({ metadata }) => [metadata.name, metadata.uid]));
}

async function untilFound({ api, namespace }: Stage, name: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if ((await api('GET', `/api/v1/namespaces/${namespace}/configmaps/${name}`)).status === 200) return;
  }
  throw new Error(`the ConfigMap "${name}" did not show up within 20 s`);
}

async function stopTimed(serve: StageServe): Promise<{ code: number | null; isSoon: boolean }> {
  const begun = Date.now();
  const code = await serve.stop();
  return { code, isSoon: Date.now() - begun < 20_000 };
}

const deployment = JSON.stringify({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
  },
});

async function untilWaiting(serve: StageServe, id: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(20)) {
    if ((await serve.run(id)).phase === 'waiting') return;
  }
  throw new Error(`the run ${id} does not wait:\n${serve.output}`);
}
