import { forEachInFlight } from '../../lib/app/in-flight.ts';
import type { Cluster } from '../../lib/app/ports.ts';
import type { ResourceKind } from '../../lib/domain/objects/kube-object.ts';
import { connectTo, kindOf } from '../parts/connect.ts';

/** Namespaces for the rounds: each is fresh, and emptied after its round so that the next one finds the same server. */
export interface Namespaces extends AsyncDisposable {
  create(name: string): Promise<void>;
  /** Removes what the round applied; throws if it is not `count` objects, since then the round measured something else. */
  empty(name: string, count: number): Promise<void>;
}

export async function openNamespaces(kubeconfig: string): Promise<Namespaces> {
  const cluster = await connectTo(kubeconfig);
  const namespace = await kindOf(cluster, 'v1', 'Namespace');
  const kinds = [await kindOf(cluster, 'v1', 'ConfigMap'), await kindOf(cluster, 'apps/v1', 'Deployment')];
  return {
    async create(name) {
      await cluster.create(namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    },
    async empty(name, count) {
      const removed = await Promise.all(kinds.map((kind) => removeAll(cluster, kind, name)));
      const found = removed.reduce((sum, each) => sum + each, 0);
      if (found !== count) throw new Error(`${found} objects were applied in ${name}, not ${count}`);
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

async function removeAll(cluster: Cluster, kind: ResourceKind, namespace: string): Promise<number> {
  const objects = await cluster.list(kind, { namespace });
  await forEachInFlight(objects, 32, async ({ metadata }) => {
    await cluster.delete(kind, metadata);
  });
  return objects.length;
}
