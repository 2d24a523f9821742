import { expect, it } from 'vitest';
import { describeCluster } from '../parts/api-server.ts';
import { startGitHttp } from '../parts/git-http.ts';
import { startSshd } from '../parts/sshd.ts';
import { configMap, openStage, revisionOf, type Stage, type StageServe } from './stage.ts';

describeCluster('a push', (kubeconfig) => {
  it('over file becomes objects, and the next one changes and removes them', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    await pushTwice(stage, serve);
  });

  it('over HTTP with a token becomes objects, and the next one changes and removes them', async () => {
    await using stage = await openStage(kubeconfig);
    await using git = await startGitHttp({ root: stage.directory, password: 'git-password' });
    await using serve = await stage.serve({
      source: { url: `${git.url}/shop.git`, auth: { token: { file: 'git-token' } } },
      secrets: { 'git-token': 'git-password\n' },
    });
    await pushTwice(stage, serve);
  });

  it('over SSH with a deploy key and a pinned host key becomes objects, and the next one changes and removes them', async () => {
    await using stage = await openStage(kubeconfig);
    await using sshd = await startSshd();
    await using serve = await stage.serve({
      source: {
        url: `ssh://${sshd.login}:${sshd.port}${stage.repository.bare}`,
        auth: { sshKey: { file: 'deploy-key' }, knownHosts: sshd.knownHosts },
      },
      secrets: { 'deploy-key': sshd.privateKey },
    });
    await pushTwice(stage, serve);
  });

  it('that changes nothing of the target is a run with everything unchanged', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve({ source: { url: stage.repository.url, paths: ['live'] } });
    const first = await serve.push({ 'live/prices.yaml': configMap('prices', { tea: '2' }) });
    await serve.ended(first.run);
    const second = await serve.push({ 'README.md': 'Prices are in live/prices.yaml\n' });
    const run = await serve.ended(second.run);
    expect(run).toMatchObject({ status: 'succeeded', revision: revisionOf(second.commit), objects: [] });
    expect(run.changes).toEqual({ created: 0, configured: 0, unchanged: 1, deleted: 0, skipped: 0, failed: 0 });
  });
});

async function pushTwice(stage: Stage, serve: StageServe): Promise<void> {
  const { namespace } = stage;
  const first = await serve.push({
    'prices.yaml': configMap('prices', { tea: '2' }),
    'offers.yaml': configMap('offers', { monday: 'tea' }),
    'opening.yaml': configMap('opening', { monday: '9' }),
  });
  const created = await serve.ended(first.run);
  expect(created).toEqual({
    id: first.run,
    target: 'shop',
    kind: 'sync',
    cause: { kind: 'push', by: 'github' },
    revision: revisionOf(first.commit),
    status: 'succeeded',
    queuedAt: expect.stringMatching(iso),
    startedAt: expect.stringMatching(iso),
    finishedAt: expect.stringMatching(iso),
    changes: { created: 3, configured: 0, unchanged: 0, deleted: 0, skipped: 0, failed: 0 },
    objects: ['offers', 'opening', 'prices'].map((name) => ({
      id: `${namespace}:configmap/${name}`,
      action: 'created',
    })),
    warnings: [],
  });
  expect(created.startedAt! >= created.queuedAt && created.finishedAt! >= created.startedAt!).toBe(true);
  expect(await stage.configMaps()).toEqual({
    prices: { tea: '2' },
    offers: { monday: 'tea' },
    opening: { monday: '9' },
  });

  const second = await serve.push({ 'prices.yaml': configMap('prices', { tea: '3' }), 'offers.yaml': null });
  const changed = await serve.ended(second.run);
  expect(changed).toMatchObject({ status: 'succeeded', revision: revisionOf(second.commit) });
  expect(changed.changes).toEqual({ created: 0, configured: 1, unchanged: 1, deleted: 1, skipped: 0, failed: 0 });
  expect(changed.objects).toEqual([
    { id: `${namespace}:configmap/prices`, action: 'configured' },
    { id: `${namespace}:configmap/offers`, action: 'deleted' },
  ]);
  expect(await stage.configMaps()).toEqual({ prices: { tea: '3' }, opening: { monday: '9' } });

  expect((await serve.runs('shop')).map(({ id }) => id)).toEqual([second.run, first.run]);
}

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
