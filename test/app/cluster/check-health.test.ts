import { expect, it } from 'vitest';
import { checkHealth } from '../../../lib/app/cluster/check-health.ts';
import type { HealthOutcome, WaitedObject } from '../../../lib/app/outcome.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { createWorld, targetOf, type World } from './world.ts';

describeCluster('a look at the objects that a run waits for', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);

  function pod(name: string): string {
    const spec = { containers: [{ name: 'app', image: 'registry.example/app:1' }] };
    return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec });
  }

  /** What the kubelet would say, of which there is none. */
  async function setStatus(name: string, status: unknown): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    await api('PATCH', path, { status }, { 'content-type': 'application/merge-patch+json' });
  }
  const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

  async function look(world: World, waited: readonly WaitedObject[] = []): Promise<HealthOutcome> {
    const ports = { connect: world.connect, store: world.store, clock: Date.now };
    return await checkHealth(targetOf('waits'), waited, new AbortController().signal, ports);
  }

  // A Deployment was deleted by hand while its run waited for it: the run found nothing to wait for, and succeeded.
  it('does not take an object for Current that has vanished', async () => {
    const world = createWorld(kubeconfig, 'vanished');
    const { waitingFor } = await world.bring([pod('stays'), pod('vanishes')].join('\n---\n'));
    expect(waitingFor?.map(({ object }) => object.metadata.name)).toEqual(['stays', 'vanishes']);
    await setStatus('stays', ready);
    await api('DELETE', `/api/v1/namespaces/${namespace}/pods/vanishes`, { gracePeriodSeconds: 0 });
    expect(await look(world, waitingFor)).toEqual({
      health: 'InProgress',
      waitingFor: [{ object: waitingFor?.[1]?.object, message: 'it is no longer in the cluster' }],
    });
  });

  it('leaves a broken object alone that git no longer has, and of which nothing is pruned', async () => {
    const world = createWorld(kubeconfig, 'leftover', { prune: false });
    await world.bring([pod('leftover'), pod('kept')].join('\n---\n'));
    await setStatus('leftover', { phase: 'Failed' });
    const { waitingFor } = await world.bring(pod('kept'));
    expect(await look(world, waitingFor)).toMatchObject({ health: 'InProgress', waitingFor });
    await setStatus('kept', ready);
    expect(await look(world, waitingFor)).toEqual({ health: 'Current', waitingFor: [] });
  });

  it('tells what has failed of many, of a kind that one LIST reads', async () => {
    const world = createWorld(kubeconfig, 'many');
    const names = Array.from({ length: 10 }, (_, index) => `many-${index}`);
    const { waitingFor } = await world.bring(names.map(pod).join('\n---\n'));
    await Promise.all(names.map((name) => setStatus(name, name === 'many-3' ? { phase: 'Failed' } : ready)));
    const { error } = await look(world, waitingFor);
    expect(error?.message).toContain(`Cannot make an object healthy: ${namespace}:pod/many-3: `);
  });

  it('takes an object whose kind is gone for vanished', async () => {
    const object = { apiVersion: 'gone.example/v1', kind: 'Gone', metadata: { name: 'g', namespace } };
    const world = createWorld(kubeconfig, 'gone');
    expect(await look(world, [{ object, message: '' }])).toMatchObject({
      health: 'InProgress',
      waitingFor: [{ object }],
    });
  });
});
