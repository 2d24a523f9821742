import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { createWorld } from './world.ts';

describeCluster('a Namespace of git that is being deleted', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);

  it('is waited for with what is in it, and both are created once it is gone; what is elsewhere is applied at once', async () => {
    const dying = `sluice-dying-${randomBytes(4).toString('hex')}`;
    const held = `/api/v1/namespaces/${dying}/configmaps`;
    const metadata = { name: 'hold', finalizers: ['sluice.example/hold'] };
    await api('POST', '/api/v1/namespaces', { metadata: { name: dying } });
    await api('POST', held, { metadata });
    await api('DELETE', `/api/v1/namespaces/${dying}`);

    const map = (name: string, where: string) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: where } });
    const ignored = { name: 'ignored', namespace: dying, annotations: { 'fluxcd.io/ignore': 'true' } };
    const text = [
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: dying } }),
      map('within', dying),
      map('beside', namespace),
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: ignored }),
    ].join('\n---\n');
    const world = createWorld(kubeconfig, `dying-${dying}`);
    const waiting = await world.bring(text);
    expect(waiting).toMatchObject({
      changes: { created: 1, skipped: 3, failed: 0 },
      health: 'InProgress',
      againAfterSeconds: 5,
    });
    expect(waiting.error).toBeUndefined();
    expect(waiting.objects).toContainEqual({
      id: `${dying}:configmap/within`,
      action: 'skipped',
      error: 'its namespace is being deleted; it is created once that is made anew',
    });

    const release = [{ op: 'remove', path: '/metadata/finalizers' }];
    await api('PATCH', `${held}/hold`, release, { 'content-type': 'application/json-patch+json' });
    let last = waiting;
    for (let tries = 0; last.againAfterSeconds !== undefined && tries < 200; tries++) {
      await sleep(200);
      last = await world.bring(text);
    }
    expect(last).toMatchObject({ changes: { created: 2, unchanged: 1, skipped: 1 } });
    await world.bring(map('beside', namespace), { target: { allowEmpty: true } });
    await api('DELETE', `/api/v1/namespaces/${dying}`);
  });
});
