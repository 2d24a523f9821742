import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeCluster } from '../parts/api-server.ts';
import { configMap, openStage } from './stage.ts';

const merge = { 'content-type': 'application/merge-patch+json' };

describeCluster('a target that is pinned in its cluster', (kubeconfig) => {
  it('stays where it is when pushes come and when all that Sluice kept is lost, and goes on when it is let go', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    await serve.ended((await serve.push({ 'prices.yaml': configMap('prices', { tea: '2' }) })).run);
    const parent = `/api/v1/namespaces/${stage.namespace}/configmaps/sluice-shop`;
    const pin = (reason: string | null) =>
      stage.api('PATCH', parent, { metadata: { annotations: { 'sluice.dev/pinned': reason } } }, merge);
    await pin('ann, the release of Monday is broken');
    const stays = {
      status: 'skipped',
      error: {
        message: 'Cannot sync "shop": it is pinned in the cluster: ann, the release of Monday is broken',
        help: expect.stringContaining(`from the ConfigMap "${stage.namespace}/sluice-shop"`),
      },
    };

    const pushed = await serve.push({
      'prices.yaml': configMap('prices', { tea: '3' }),
      'news.yaml': configMap('news'),
    });
    expect(await serve.ended(pushed.run)).toMatchObject(stays);
    await serve.kill();
    await rm(serve.data, { recursive: true });
    await serve.restart();
    expect(await serve.ended(await serve.sync('shop'))).toMatchObject(stays);
    expect(await stage.configMaps()).toEqual({ prices: { tea: '2' } });

    await pin(null);
    expect(await serve.ended(await serve.sync('shop'))).toMatchObject({ status: 'succeeded' });
    expect(await stage.configMaps()).toEqual({ prices: { tea: '3' }, news: {} });
  });
});
