import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeCluster } from '../parts/api-server.ts';
import { configMap, openStage } from './stage.ts';

describeCluster('sluice serve', (kubeconfig) => {
  // The pauses of up to 8 s between questions to a forge that is behind did not hear of it.
  it('stops at once while it waits for a forge that is behind, and goes on when it is started again', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const { commit } = await serve.push({ 'a.yaml': configMap('a') });
    await serve.idle();
    const url = stage.repository.url;
    const [run = ''] = await serve.pushed({ url, before: commit, after: 'f'.repeat(40) });
    // It has asked at once, after 1 and after 2 s more, and asks again after 4 s.
    await sleep(3500);
    const begin = Date.now();
    expect(await serve.stop()).toBe(0);
    expect(Date.now() - begin).toBeLessThan(2000);
    await serve.restart();
    expect(await serve.run(run)).toMatchObject({ status: 'queued' });
  });
});
