import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { withStoredKinds } from '../../../lib/app/cluster/stored-kinds.ts';
import { type FaultProxy, startFaultProxy } from '../../fakes/fault-proxy.ts';
import { describeCluster, useNamespace } from '../../parts/api-server.ts';
import { createWorld, type World } from './world.ts';

/** APPLY §6: "A no-op sync: ≤ 2 requests per kind (and per namespace and page where the above says so) + 3". */
describeCluster('requests of a sync', (kubeconfig) => {
  const [first, second, full] = [useNamespace(kubeconfig), useNamespace(kubeconfig), useNamespace(kubeconfig)];
  let proxy: FaultProxy;
  beforeAll(async () => {
    proxy = await startFaultProxy(kubeconfig);
  });
  afterAll(() => proxy[Symbol.asyncDispose]());
  beforeEach(() => proxy.clear());

  /** Syncs as a worker does: with a connection of its own each time, and what the store remembers of the cluster. */
  function target(fields: Record<string, unknown> = {}): Pick<World, 'bring'> {
    const name = `budget-${randomBytes(4).toString('hex')}`;
    const world = createWorld(proxy.kubeconfig, name, { namespace: first, inventory: { namespace: first }, ...fields });
    return {
      async bring(documents) {
        await using connection = await world.connect();
        proxy.clear();
        return await world.bring(documents, { cluster: withStoredKinds(connection, world.store, Date.now) });
      },
    };
  }

  const kinds = [
    { apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } },
    { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }] } },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', rules: [] },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      spec: {
        selector: { matchLabels: { app: 'a' } },
        template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a:1' }] } },
      },
    },
  ];

  /** Twelve objects of each kind in each namespace. */
  function documents(namespaces: readonly string[]): string {
    const mark = randomBytes(3).toString('hex');
    const objects = namespaces.flatMap((namespace) =>
      kinds.flatMap((object) =>
        Array.from({ length: 12 }, (_, index) => ({ ...object, metadata: { name: `a-${mark}-${index}`, namespace } })),
      ),
    );
    return objects.map((object) => JSON.stringify(object)).join('\n---\n');
  }

  function seen(): { reads: number; lists: number; writes: number; discovery: number } {
    const paths = proxy.requests.filter(({ method }) => method === 'GET').map(({ path }) => path);
    // Of a first sync alone: the inventories in all namespaces, since it may have moved. How many pages depends on the cluster's other tenants.
    const reads = paths.filter((path) => !path.includes('applyset.kubernetes.io%2Fid'));
    const discovery = reads.filter((path) => /^\/(api|apis\/[^/]+)\/[^/]+$|^\/apis\/[^/]+$/.test(path));
    return {
      reads: reads.length,
      lists: reads.filter((path) => path.includes('limit=')).length,
      writes: proxy.requests.length - paths.length,
      discovery: discovery.length,
    };
  }

  it('a no-op sync of many namespaces lists each kind once, reads and claims the inventory, and asks nothing else', async () => {
    const { bring } = target();
    const all = documents([first, second, full]);
    expect((await bring(all)).changes).toMatchObject({ created: 144 });
    expect((await bring(all)).changes).toMatchObject({ unchanged: 144 });
    expect(seen()).toEqual({ reads: kinds.length + 1, lists: kinds.length, writes: 1, discovery: 0 });
    expect(proxy.requests.length).toBeLessThanOrEqual(2 * kinds.length + 3);
  });

  it('a no-op sync of two namespaces lists each kind in these alone, within the same budget', async () => {
    const { bring } = target();
    const all = documents([first, second]);
    expect((await bring(all)).changes).toMatchObject({ created: 96 });
    expect((await bring(all)).changes).toMatchObject({ unchanged: 96 });
    expect(seen()).toEqual({ reads: 2 * kinds.length + 1, lists: 2 * kinds.length, writes: 1, discovery: 0 });
    const lists = proxy.requests.filter(({ path }) => path.includes('limit='));
    expect(lists.every(({ path }) => path.includes(`/namespaces/`))).toBe(true);
    expect(proxy.requests.length).toBeLessThanOrEqual(2 * kinds.length + 3);
  });

  it('a no-op sync of a target with allowNamespaces lists each kind once in each', async () => {
    const { bring } = target({ allowNamespaces: [first, second] });
    const all = documents([first, second]);
    await bring(all);
    expect((await bring(all)).changes).toMatchObject({ unchanged: 96 });
    expect(seen()).toEqual({ reads: 2 * kinds.length + 1, lists: 2 * kinds.length, writes: 1, discovery: 0 });
  });

  it('a no-op sync of more than 500 objects of a kind asks for one page more', async () => {
    const { bring } = target({ namespace: full });
    const maps = Array.from({ length: 501 }, (_, index) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `paged-${index}` }, data: { a: 'b' } }),
    ).join('\n---\n');
    await bring(maps);
    expect((await bring(maps)).changes).toMatchObject({ unchanged: 501 });
    expect(seen()).toEqual({ reads: 3, lists: 2, writes: 1, discovery: 0 });
  });

  it('a first sync asks for each API version, looks once at each kind and namespace, and applies each object once', async () => {
    const { bring } = target();
    await bring(documents([first, second]));
    const versions = new Set(kinds.map(({ apiVersion }) => apiVersion)).size;
    const looks = 2 * kinds.length;
    expect(seen()).toEqual({ reads: versions + looks + 1, lists: looks, writes: 96 + 1, discovery: versions });
  });

  it('a changed object costs its apply, and nothing else', async () => {
    const { bring } = target();
    const all = documents([first]);
    await bring(all);
    expect((await bring(all.replace('"a":"b"', '"a":"c"'))).changes).toMatchObject({ configured: 1, unchanged: 47 });
    expect(seen()).toEqual({ reads: kinds.length + 1, lists: kinds.length, writes: 2, discovery: 0 });
  });
});
