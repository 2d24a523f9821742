import { expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { describeCluster } from '../parts/api-server.ts';
import { configMap, openStage, revisionOf } from './stage.ts';

describeCluster('a target of many objects', (kubeconfig) => {
  it('of 5,000 ConfigMaps is synced and recorded, and the next sync finds them unchanged', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const files: Record<string, string> = {};
    for (let file = 0; file < 50; file++) {
      const maps = Array.from({ length: 100 }, (_, index) => configMap(`item-${file}-${index}`, { value: `${index}` }));
      files[`items-${file}.yaml`] = maps.join('---\n');
    }
    const pushed = await serve.push(files);
    const run = await serve.ended(pushed.run, 150);
    expect(run).toMatchObject({ status: 'succeeded', revision: revisionOf(pushed.commit), warnings: [] });
    expect(run.changes).toEqual({ created: 5000, configured: 0, unchanged: 0, deleted: 0, skipped: 0, failed: 0 });
    expect(run.objects).toHaveLength(1000);

    const again = await serve.ended(await serve.sync('shop'), 60);
    expect(again).toMatchObject({ status: 'succeeded', objects: [] });
    expect(again.changes).toEqual({ created: 0, configured: 0, unchanged: 5000, deleted: 0, skipped: 0, failed: 0 });
    expect(secondsOf(again)).toBeLessThan(secondsOf(run) / 2);
  }, 300_000);

  function secondsOf({ startedAt, finishedAt }: Run): number {
    return (Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1000;
  }

  it('1,200 of which are refused records 1,000 of them, counts all, applies the others and deletes nothing', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    await serve.ended((await serve.push({ 'old.yaml': configMap('old') })).run);
    const bad = Array.from({ length: 1200 }, (_, index) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `bad-${index}`, labels: { note: 'no label may look like this!' } },
      }),
    );
    const good = Array.from({ length: 20 }, (_, index) => configMap(`good-${index}`));
    const pushed = await serve.push({ 'all.yaml': [...good, ...bad].join('\n---\n'), 'old.yaml': null });
    const run = await serve.ended(pushed.run, 120);
    expect(run).toMatchObject({ status: 'failed', changes: { created: 20, failed: 1200, deleted: 0, skipped: 1 } });
    expect(run.objects).toHaveLength(1000);
    expect(new Set(run.objects.map(({ action }) => action))).toEqual(new Set(['failed']));
    expect(run.objects[0]).toMatchObject({
      id: `${stage.namespace}:configmap/bad-0`,
      error: expect.stringMatching(/all\.yaml.*no label may look like this!/),
    });
    expect(run.error).toMatchObject({ fault: 'user', message: expect.stringContaining('1200 of 1220 objects') });
    expect(Object.keys(await stage.configMaps())).toHaveLength(21);
    expect((await serve.runs('shop'))[0]?.objects.length).toBeLessThanOrEqual(100);
  }, 150_000);
});
