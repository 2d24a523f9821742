import { expect, it } from 'vitest';
import { release } from '../../../lib/app/cluster/release.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { KubeObject, ResourceKind } from '../../../lib/domain/objects/kube-object.ts';

const partOf = 'applyset.kubernetes.io/part-of';
const fieldsV1 = { 'f:metadata': { 'f:labels': { [`f:${partOf}`]: {} } } };
const kind: ResourceKind = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: [] };
const live = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'a',
    namespace: 'shop',
    labels: { [partOf]: 'id' },
    managedFields: [{ manager: 'sluice', operation: 'Apply', fieldsV1 }],
  },
} as KubeObject;
const claimed = new Map([['ConfigMap', kind]]);

async function released(patch: () => Promise<KubeObject>, kinds: typeof claimed = claimed) {
  const verbs: Pick<Cluster, 'patch' | 'get'> = { patch, get: async () => live };
  return await release(verbs as Cluster, { objects: [live], kinds, inventoryIds: ['id'], held: () => undefined });
}

it('an object that is gone is let go of', async () => {
  const gone = new Failure('missing', 'Cannot patch "a": not found', { code: 'NotFound' });
  expect(await released(() => Promise.reject(gone))).toMatchObject([{ result: { action: 'configured' } }]);
});

it.each([
  [
    'that changes all the time',
    new Failure('server', 'Cannot patch "a": conflict', { code: 'Conflict' }),
    claimed,
    'conflict',
  ],
  [
    'that may not be written',
    new Failure('user', 'Cannot patch "a": forbidden', { code: 'Forbidden' }),
    claimed,
    'forbidden',
  ],
  ['whose kind was not listed', new Failure('user', 'never asked'), new Map(), 'its kind was not listed'],
])('an object %s keeps its marks, and the run says so', async (_, failure, kinds, state) => {
  expect(await released(() => Promise.reject(failure), kinds)).toMatchObject([
    {
      result: { action: 'failed', error: expect.stringContaining(state) },
      failure: { message: expect.stringContaining('Cannot release "shop:configmap/a"') },
    },
  ]);
});
