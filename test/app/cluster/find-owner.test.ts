import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { findOwner } from '../../../lib/app/cluster/find-owner.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { createWorld, manifestsOf, targetOf } from './world.ts';

describeCluster('the owner of a render', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);

  function map(name: string): string {
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } });
  }

  async function target() {
    const name = `owner-${randomBytes(4).toString('hex')}`;
    const world = createWorld(kubeconfig, name, { inventory: { namespace } });
    await world.bring(map(name));
    return { name, world };
  }

  async function ownerOf(...names: readonly string[]) {
    await using cluster = await createWorld(kubeconfig, 'x').connect();
    return await findOwner(cluster, manifestsOf(names.map(map).join('\n---\n')), targetOf('plan'));
  }

  it('is the target that has an object of it, whatever else is new', async () => {
    const { name } = await target();
    expect(await ownerOf(name, `new-${name}`)).toEqual({ name, inventory: { namespace } });
  });

  it('is nobody where nothing is there, two targets have some, or their inventory is gone', async () => {
    const [one, other] = [await target(), await target()];
    expect(await ownerOf(`new-${one.name}`)).toBeUndefined();
    expect(await ownerOf(one.name, other.name)).toBeUndefined();
    await api('DELETE', `/api/v1/namespaces/${namespace}/configmaps/sluice-${one.name}`);
    expect(await ownerOf(one.name)).toBeUndefined();
  });
});
