import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeCluster } from '../parts/api-server.ts';
import { configMap, openStage, revisionOf } from './stage.ts';

describeCluster('sluice serve', (kubeconfig) => {
  it('frozen in the middle of a sync for longer than its leases last, as a laptop that sleeps, ends at the head', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const many = Array.from({ length: 300 }, (_, index) => configMap(`item-${index}`)).join('---\n');
    const pushed = await serve.push({ 'many.yaml': many });
    const path = `/api/v1/namespaces/${stage.namespace}/configmaps/item-0`;
    while ((await stage.api('GET', path)).status !== 200) await sleep(5);
    process.kill(serve.pid, 'SIGSTOP');
    await stage.repository.commit({ 'many.yaml': many.replace('item-299', 'item-300') });
    await sleep(65_000);
    process.kill(serve.pid, 'SIGCONT');
    const wokeAt = Date.now();
    const run = await serve.ended(pushed.run);
    expect(Date.now() - wokeAt).toBeLessThan(20_000);
    expect(run).toMatchObject({ status: 'succeeded', changes: { failed: 0 } });
    expect(run.revision).toBe(revisionOf(await stage.repository.git('rev-parse', 'HEAD')));
    const names = Object.keys(await stage.configMaps());
    expect([names.length, names.includes('item-299'), names.includes('item-300')]).toEqual([300, false, true]);
    await serve.idle();
  }, 150_000);
});
