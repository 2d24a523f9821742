import { expect, it } from 'vitest';
import { whatItHolds } from '../../../lib/app/cluster/what-it-holds.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { KubeObject, ResourceKind } from '../../../lib/domain/objects/kube-object.ts';

const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const replicaSets: ResourceKind = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
  verbs: [],
};
const request = { kinds: new Map(), inventoryIds: ['id-1'], memberUids: new Set(['ours']) };
const foreign = 'the namespace holds Pod "web", which is not of this target';

function pod(metadata: object): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', ...metadata } };
}
function ownedBy(uid: string, kind = 'ReplicaSet') {
  return { ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'web-1', uid, controller: true }] };
}

/** A cluster whose namespace holds this pod, whose ReplicaSet is `owner`. */
function clusterWith(held: KubeObject, owner?: KubeObject): Cluster {
  const verbs: Pick<Cluster, 'list' | 'get' | 'resources'> = {
    list: async (kind) => (kind.kind === 'Pod' ? [held] : []),
    get: async () => owner,
    resources: async () => [replicaSets],
  };
  return verbs as Cluster;
}

const partOf = 'applyset.kubernetes.io/part-of';
const ours = { 'f:metadata': { 'f:labels': { [`f:${partOf}`]: {} } } };

it.each([
  ['nobody owns', pod({}), undefined, foreign],
  ['is being deleted', pod({ deletionTimestamp: '2026-01-01T00:00:00Z' }), undefined, undefined],
  [
    'carries our label',
    pod({ labels: { [partOf]: 'id-1' }, managedFields: [{ manager: 'sluice', operation: 'Apply', fieldsV1: ours }] }),
    undefined,
    undefined,
  ],
  [
    'is a token of an account',
    pod({ annotations: { 'kubernetes.io/service-account.name': 'default' } }),
    undefined,
    undefined,
  ],
  ['a member owns', pod(ownedBy('ours')), undefined, undefined],
  ['has an owner that is gone', pod(ownedBy('gone')), undefined, undefined],
  ['has an owner that was made anew', pod(ownedBy('old')), pod({ uid: 'new' }), undefined],
  [
    'has an owner that a member owns',
    pod(ownedBy('rs')),
    pod({ uid: 'rs', ...ownedBy('ours', 'Deployment') }),
    undefined,
  ],
  ['has an owner that nobody owns', pod(ownedBy('rs')), pod({ uid: 'rs' }), foreign],
  ['has owners in a circle', pod(ownedBy('rs')), pod({ uid: 'rs', ...ownedBy('rs') }), foreign],
  ['has an owner of a kind that is not served', pod(ownedBy('x', 'Rollout')), undefined, foreign],
])('a pod in a Namespace that %s: %#', async (_, held, owner, state) => {
  expect(await whatItHolds(clusterWith(held, owner), namespace, request)).toBe(state);
});

it('what cannot be looked through is not said to be empty', async () => {
  const failure = new Failure('server', 'Cannot list "pods": service unavailable');
  const cluster = Object.assign(clusterWith(pod({})), { list: () => Promise.reject(failure) });
  await expect(whatItHolds(cluster, namespace, request)).rejects.toBe(failure);
});

const crd: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.a.test' },
};
const spec = { group: 'a.test', names: { kind: 'Thing', plural: 'things' } };

it.each([
  ['is gone', undefined, [], undefined],
  ['is served in no version', { ...crd, spec }, [], undefined],
  [
    'has another kind in the version that is served',
    { ...crd, spec: { ...spec, names: { plural: 'others' } } },
    [replicaSets],
    undefined,
  ],
])('a CRD that %s holds nothing', async (_, whole, kinds, state) => {
  const verbs: Pick<Cluster, 'get' | 'versions' | 'resources'> = {
    get: async () => whole,
    versions: async () => ['a.test/v1'],
    resources: async () => kinds,
  };
  expect(await whatItHolds(verbs as Cluster, crd, request)).toBe(state);
});
