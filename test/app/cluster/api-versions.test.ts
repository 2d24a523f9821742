import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ManagedFields } from '../../../lib/domain/objects/kube-object.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { createWorld } from './world.ts';

const group = '/apis/autoscaling';
const merge = { 'content-type': 'application/merge-patch+json' };

/** An autoscaler is served in versions whose fields differ, by every API server. */
describeCluster('an object of several API versions', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);
  const own = randomBytes(4).toString('hex');

  function place(name: string) {
    const { bring } = createWorld(kubeconfig, `${name}-${own}`, { namespace });
    const path = (version: string) => `${group}/${version}/namespaces/${namespace}/horizontalpodautoscalers/${name}`;
    function scaler(version: string, maxReplicas = 3): string {
      const cpu = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } };
      const metrics = { metrics: [{ type: 'Resource', resource: cpu }] };
      const spec = {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'absent' },
        minReplicas: 1,
        maxReplicas,
        ...(version === 'v1' ? { targetCPUUtilizationPercentage: 50 } : metrics),
      };
      const metadata = { name, namespace };
      return JSON.stringify({ apiVersion: `autoscaling/${version}`, kind: 'HorizontalPodAutoscaler', metadata, spec });
    }
    async function read(version: string) {
      const { body } = await api('GET', path(version));
      const entries = body.metadata.managedFields as ManagedFields[];
      return {
        ...body,
        own: entries.filter(({ manager, operation }) => manager === 'sluice' && operation === 'Apply'),
      };
    }
    return { bring, path, scaler, read };
  }

  /** The newest version beside v1. */
  async function otherVersion(): Promise<string> {
    const versions = (await api('GET', group)).body.versions.map(({ version }: { version: string }) => version);
    const found = ['v2', 'v2beta2'].find((version) => versions.includes(version));
    if (found === undefined) throw new Error(`autoscaling is served only as ${versions.join(', ')}`);
    return found;
  }

  // APPLY §2 (T)
  it('has the same entry of ours in each, whoever writes in another, and is unchanged', async () => {
    const other = await otherVersion();
    const { bring, path, scaler, read } = place('read');
    await bring(scaler('v1'));
    const before = await read('v1');
    expect(before.own).toHaveLength(1);
    expect((await read(other)).own).toEqual(before.own);
    await api('PATCH', `${path(other)}?fieldManager=other`, { metadata: { annotations: { a: 'b' } } }, merge);
    expect((await read('v1')).own).toEqual(before.own);
    expect(await bring(scaler('v1'))).toMatchObject({ changes: { unchanged: 1, configured: 0 }, objects: [] });
  });

  it('is drift where someone takes a field of ours in another', async () => {
    const other = await otherVersion();
    const { bring, path, scaler, read } = place('taken');
    await bring(scaler('v1'));
    await api('PATCH', `${path(other)}?fieldManager=other`, { spec: { maxReplicas: 9 } }, merge);
    expect(await bring(scaler('v1'))).toMatchObject({ changes: { configured: 1 } });
    expect((await read('v1')).spec.maxReplicas).toBe(3);
  });

  it('is the same object when git moves it from one to another and back, and is settled each time', async () => {
    const other = await otherVersion();
    const { bring, scaler, read } = place('moved');
    await bring(scaler('v1'));
    const { uid } = (await read('v1')).metadata;
    for (const [version, maxReplicas] of [
      [other, 4],
      ['v1', 5],
    ] as const) {
      const moved = await bring(scaler(version, maxReplicas));
      expect(moved).toMatchObject({ changes: { configured: 1, created: 0, deleted: 0, failed: 0 } });
      expect(await bring(scaler(version, maxReplicas))).toMatchObject({ changes: { unchanged: 1 }, objects: [] });
      const live = await read(version);
      expect(live).toMatchObject({ metadata: { uid }, spec: { maxReplicas } });
      expect(live.own).toMatchObject([{ apiVersion: `autoscaling/${version}` }]);
    }
  });
});
