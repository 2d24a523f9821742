import { expect, it } from 'vitest';
import { prune } from '../../../lib/app/cluster/prune.ts';
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

/** What becomes of an object whose every delete is a conflict, and which is `found` at each look after it. */
async function pruned(found: KubeObject | undefined, kinds = new Map([['ConfigMap', kind]])) {
  const conflict = new Failure('server', 'Cannot delete "a": conflict', { code: 'Conflict' });
  const verbs: Pick<Cluster, 'delete' | 'get'> = { delete: () => Promise.reject(conflict), get: async () => found };
  const removals = [{ action: 'delete', live, cascades: false }] as const;
  return await prune(verbs as Cluster, {
    removals,
    kinds,
    inventoryIds: ['id'],
    memberUids: new Set(),
    held: () => undefined,
  });
}

it('an object that somebody else deleted meanwhile is deleted', async () => {
  expect(await pruned(undefined)).toEqual([{ result: { id: 'shop:configmap/a', action: 'deleted' } }]);
});

it('an object that changes all the time is not deleted, and the run says so', async () => {
  expect(await pruned(live)).toMatchObject([
    { failure: { message: 'Cannot delete "shop:configmap/a": it changes all the time' } },
  ]);
});

it('an object whose kind was not listed is not deleted', async () => {
  expect(await pruned(live, new Map())).toMatchObject([
    { failure: { message: expect.stringContaining('its kind was not listed') } },
  ]);
});
