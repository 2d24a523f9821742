import { expect, it } from 'vitest';
import { findKinds } from '../../../lib/app/cluster/find-kinds.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';

const down = new Failure('server', 'Cannot read the kinds of "metrics.k8s.io/v1": service unavailable');

/** Serves Deployment and StatefulSet in apps/v1; the API server does not answer for metrics.k8s.io, nor for core if `isDeaf`. */
function clusterOf(isDeaf = false): Cluster {
  const verbs: Pick<Cluster, 'resources' | 'forget'> = {
    async resources(apiVersion) {
      if (apiVersion === 'metrics.k8s.io/v1' || (apiVersion === 'v1' && isDeaf)) throw down;
      if (apiVersion !== 'apps/v1') return undefined;
      const kinds = ['Deployment', 'StatefulSet'];
      return kinds.map((kind) => ({ apiVersion, kind, plural: `${kind}s`, namespaced: true, verbs: [] }));
    },
    forget: () => undefined,
  };
  return verbs as Cluster;
}

function objectOf(apiVersion: string, kind: string): KubeObject {
  return { apiVersion, kind, metadata: { name: 'a' } };
}

async function kindOf(object: KubeObject): Promise<unknown> {
  return (await findKinds([{ object, file: 'a.yaml' }], clusterOf())).kindOf(object);
}

it.each([
  ['of a slip', 'apps/v1', 'Deploymnet', 'the cluster has no kind Deploymnet in apps/v1; did you mean Deployment?'],
  ['of another kind', 'apps/v1', 'Widget', 'the cluster has no kind Widget in apps/v1'],
])('what to do about a kind that is not there is said: %s', async (_, apiVersion, kind, state) => {
  expect(await kindOf(objectOf(apiVersion, kind))).toEqual({
    fault: 'user',
    state,
    help: 'Correct the kind, or put its CustomResourceDefinition beside it',
  });
});

it('what to do about a version that is not there is said', async () => {
  expect(await kindOf(objectOf('apps/v1beta1', 'Deployment'))).toMatchObject({
    state: 'the cluster has no kind Deployment in apps/v1beta1',
    help: expect.stringMatching(/^Use a version that the cluster serves/),
  });
});

it('an API that does not answer concerns its own objects alone, unless it is the core', async () => {
  expect(await kindOf(objectOf('metrics.k8s.io/v1', 'PodMetrics'))).toEqual({
    fault: 'server',
    state: 'the cluster does not say which kinds metrics.k8s.io/v1 has: service unavailable',
    help: 'See the APIService of metrics.k8s.io/v1 in the cluster',
  });
  const manifests = [objectOf('v1', 'Pod'), objectOf('apps/v1', 'Deployment')].map((object) => ({ object, file: 'a' }));
  await expect(findKinds(manifests, clusterOf(true))).rejects.toBe(down);
});
