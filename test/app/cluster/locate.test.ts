import { expect, it } from 'vitest';
import { locate } from '../../../lib/app/cluster/locate.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { manifestsOf, targetOf } from './world.ts';

const verbs: Pick<Cluster, 'resources' | 'forget' | 'namespace'> = {
  namespace: 'of-the-context',
  resources: async () => [{ apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: [] }],
  forget: () => undefined,
};
const cluster = verbs as Cluster;

function map(namespace?: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', ...(namespace && { namespace }) },
  });
}

it('an object that names no namespace goes to that of the target, else of the context', async () => {
  const idsFor = async (fields: object) =>
    (await locate(manifestsOf(map()), targetOf('shop', { ...fields }), cluster)).desired.map(({ id }) => id);
  expect(await idsFor({ namespace: 'shop' })).toEqual(['shop:configmap/a']);
  expect(await idsFor({})).toEqual(['of-the-context:configmap/a']);
});

it('two manifests are of one object if one names the namespace that the other falls to', async () => {
  const twice = manifestsOf(`${map('shop')}\n---\n${map()}`);
  await expect(locate(twice, targetOf('shop', { namespace: 'shop' }), cluster)).rejects.toMatchObject({
    code: 'Duplicate',
    message: 'Cannot apply "shop:configmap/a": a duplicate, defined in "all.yaml" line 1 and in "all.yaml" line 2',
  });
});
