import { expect, it } from 'vitest';
import { lookAt } from '../../../lib/app/cluster/look.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { KubeObject, ResourceKind } from '../../../lib/domain/objects/kube-object.ts';
import type { Desired } from '../../../lib/domain/objects/plan.ts';

const kind: ResourceKind = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: [] };

function desired(name: string, namespace: string): Desired {
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } };
  return { id: `${namespace}:configmap/${name}`, kind, object, digest: '', leave: [], origin: 'a.yaml' };
}

/** Answers for the namespace `open`, and with `code` for any other. */
function clusterOf(code: string): Cluster {
  function answer<Value>(namespace: string | undefined, value: Value): Promise<Value> {
    if (namespace === 'open') return Promise.resolve(value);
    return Promise.reject(new Failure('user', 'Cannot read "x": no', { code }));
  }
  const live = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a0', namespace: 'open' } };
  const verbs: Pick<Cluster, 'get' | 'list'> = {
    get: (_, { name, namespace }) => answer(namespace, name === 'a0' ? live : undefined),
    list: (_, { namespace } = {}) => answer(namespace, [live]),
  };
  return verbs as Cluster;
}

it.each([
  [1, 'Forbidden'],
  [9, 'Forbidden'],
  [1, 'ServiceUnavailable'],
  [9, 'ServiceUnavailable'],
])('what cannot be read is told apart, of %i objects of a namespace: %s', async (count, code) => {
  const objects = Array.from({ length: count }, (_, index) => [
    desired(`a${index}`, 'open'),
    desired(`b${index}`, 'shut'),
  ]).flat();
  const { live, unread } = await lookAt(clusterOf(code), objects);
  expect([...live.keys()]).toEqual(['/ConfigMap/open/a0']);
  expect([...unread.keys()].sort()).toEqual(Array.from({ length: count }, (_, index) => `/ConfigMap/shut/b${index}`));
  for (const failure of unread.values()) expect(failure.code).toBe(code);
});

it('a kind that is not served yet has nothing there, and a server that cannot be reached ends the look', async () => {
  const objects = [desired('b', 'shut')];
  expect(await lookAt(clusterOf('NotServed'), objects)).toEqual({ live: new Map(), unread: new Map() });
  for (const code of ['Unreachable', 'Aborted']) {
    await expect(lookAt(clusterOf(code), objects)).rejects.toThrow('Cannot read "x": no');
  }
});
