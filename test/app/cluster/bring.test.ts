import { expect, it } from 'vitest';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { createWorld } from './world.ts';

describeCluster('bring', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);

  function configMap(name: string, data: Record<string, string> = { a: '1' }): string {
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  }

  it('creates, changes, prunes, and changes nothing the second time', async () => {
    const world = createWorld(kubeconfig, 'straight');
    const first = await world.bring([configMap('a'), configMap('b')].join('\n---\n'));
    expect(first.error).toBeUndefined();
    expect(first.changes).toMatchObject({ created: 2, unchanged: 0, failed: 0 });
    const parent = await api('GET', '/api/v1/namespaces/default/configmaps/sluice-straight');
    expect(parent.body.metadata.annotations).toMatchObject({
      'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap',
      'applyset.kubernetes.io/additional-namespaces': namespace,
    });
    const again = await world.bring([configMap('a'), configMap('b')].join('\n---\n'));
    expect(again).toMatchObject({ changes: { unchanged: 2, configured: 0, created: 0 }, objects: [] });
    const third = await world.bring(configMap('a', { a: '2' }));
    expect(third.changes).toMatchObject({ configured: 1, deleted: 1 });
    expect(third.objects.map(({ id, action }) => `${action} ${id}`).sort()).toEqual([
      `configured ${namespace}:configmap/a`,
      `deleted ${namespace}:configmap/b`,
    ]);
  });
});
