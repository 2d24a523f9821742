import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeCluster } from '../parts/api-server.ts';
import { configMap, openStage, revisionOf } from './stage.ts';

describeCluster('targets of one repository', (kubeconfig) => {
  it('are all synced by one delivery, and the poison commit of one does not disturb the others', async () => {
    await using stage = await openStage(kubeconfig);
    const { repository, targetOf } = stage;
    const source = { url: repository.url, branch: 'main' };
    await using serve = await stage.serve({
      source: { ...source, paths: ['staging'] },
      others: [targetOf('production', { source: { ...source, paths: ['production'] } })],
    });
    const first = await serve.push({
      'staging/prices.yaml': configMap('staging', { tea: '2' }),
      'production/prices.yaml': configMap('production', { tea: '2' }),
    });
    expect(first.runs).toHaveLength(2);
    for (const id of first.runs) expect(await serve.ended(id)).toMatchObject({ changes: { created: 1 } });

    const poison = await serve.push({
      'staging/prices.yaml': configMap('staging', { tea: '3' }),
      'production/prices.yaml': 'kind: ConfigMap\nmetadata: [\n',
    });
    const runs = await Promise.all(poison.runs.map((id) => serve.ended(id)));
    expect(runs.find(({ target }) => target === 'shop')).toMatchObject({
      status: 'succeeded',
      revision: revisionOf(poison.commit),
      changes: { configured: 1 },
    });
    expect(runs.find(({ target }) => target === 'production')).toMatchObject({
      status: 'failed',
      revision: revisionOf(poison.commit),
      error: { fault: 'user', message: expect.stringMatching(/production\/prices\.yaml": line \d+, column \d+/) },
    });
    expect(await stage.configMaps()).toEqual({ staging: { tea: '3' }, production: { tea: '2' } });

    const cured = await serve.push({ 'production/prices.yaml': configMap('production', { tea: '3' }) });
    for (const id of cured.runs) expect(await serve.ended(id)).toMatchObject({ status: 'succeeded' });
    expect(await stage.configMaps()).toEqual({ staging: { tea: '3' }, production: { tea: '3' } });
  });

  it('are not delayed by a third one whose cluster takes connections and never answers, or refuses them', async () => {
    await using stage = await openStage(kubeconfig);
    const { targetOf } = stage;
    await using hole = await openHole();
    const config = parse(readFileSync(kubeconfig, 'utf8'));
    const [{ cluster }] = config.clusters;
    config.clusters.push({ name: 'hole', cluster: { ...cluster, server: hole.url } });
    config.clusters.push({ name: 'closed', cluster: { ...cluster, server: 'https://127.0.0.1:1' } });
    const { user } = config.contexts[0].context;
    config.contexts.push({ name: 'hole', context: { cluster: 'hole', user } });
    config.contexts.push({ name: 'closed', context: { cluster: 'closed', user } });
    const access = (context: string) => ({ cluster: { kubeconfig: { file: 'kubeconfig' }, context } });
    const pathOf = (path: string) => ({ source: { url: stage.repository.url, branch: 'main', paths: [path] } });
    const silent = Array.from({ length: 5 }, (_, index) => targetOf(`silent-${index}`, access('hole')));
    await using serve = await stage.serve({
      others: [...silent, targetOf('refused', access('closed')), targetOf('later', pathOf('later'))],
      secrets: { kubeconfig: stringify(config) },
      source: pathOf('shop').source,
      target: access(config['current-context']),
    });
    const pushed = await serve.push({ 'shop/a.yaml': configMap('shop'), 'later/a.yaml': configMap('later') });
    const begun = Date.now();
    const runs = await serve.runs();
    function runOf(target: string): string {
      return runs.find((run) => run.target === target)?.id ?? '';
    }
    expect(await serve.ended(runOf('shop'))).toMatchObject({ status: 'succeeded', changes: { created: 1 } });
    expect(await serve.ended(runOf('later'))).toMatchObject({ status: 'succeeded', changes: { created: 1 } });
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(pushed.runs).toHaveLength(8);
    for (const target of ['silent-0', 'refused']) expect((await serve.run(runOf(target))).status).not.toBe('succeeded');
    expect(hole.connections()).toBeGreaterThan(0);
  });
});

/** A port that takes connections and says nothing. */
async function openHole(): Promise<AsyncDisposable & { readonly url: string; connections(): number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
