import type { ResourceKind } from '../../domain/objects/kube-object.ts';
import type { Cluster, Store } from '../ports.ts';

const keepSeconds = 24 * 3600;

/**
 * The connection with discovery remembered in the store, since it hardly ever changes and would cost a request per API version and sync.
 * `forget` asks the server anew; a kind that is not there asks by itself (locate.ts).
 */
export function withStoredKinds(cluster: Cluster, store: Store, now: () => number): Cluster {
  const partition = `kinds#${cluster.id}`;
  const forgotten = new Set<string>();

  async function resources(apiVersion: string): Promise<readonly ResourceKind[] | undefined> {
    if (!forgotten.has(apiVersion)) {
      const known = await store.get(partition, apiVersion);
      if (known !== undefined) return known.body as readonly ResourceKind[];
    }
    const kinds = await cluster.resources(apiVersion);
    const expiresAt = Math.floor(now() / 1000) + keepSeconds;
    if (kinds === undefined) await store.delete(partition, apiVersion);
    else await store.put({ partition, sort: apiVersion, order: 0, body: kinds, expiresAt });
    forgotten.delete(apiVersion);
    return kinds;
  }

  function forget(apiVersion: string): void {
    forgotten.add(apiVersion);
    cluster.forget(apiVersion);
  }

  return Object.assign(Object.create(cluster) as Cluster, { resources, forget });
}
