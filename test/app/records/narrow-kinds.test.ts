import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeCluster, rawApi, serviceAccountKubeconfig, useNamespace } from '../../parts/api-server.ts';
import { createWorld } from '../cluster/world.ts';

describeCluster('an account that is limited to its namespaces', (kubeconfig) => {
  const namespaces = [useNamespace(kubeconfig), useNamespace(kubeconfig), useNamespace(kubeconfig)];
  const [namespace = '', ...others] = namespaces;
  const directory = mkdtempSync(join(tmpdir(), 'sluice-narrow-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is asked for the whole cluster once, and never again', async () => {
    const name = `narrow-${randomBytes(4).toString('hex')}`;
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }];
    const path = join(directory, 'kubeconfig');
    writeFileSync(path, await serviceAccountKubeconfig(kubeconfig, namespace, name, rules), { mode: 0o600 });
    const api = rawApi(kubeconfig);
    for (const other of others) {
      const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${other}`;
      await api('POST', `${rbac}/roles`, { metadata: { name }, rules });
      await api('POST', `${rbac}/rolebindings`, {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      });
    }
    const world = createWorld(path, name, { namespace, inventory: { namespace } });
    const maps = namespaces.map((each) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: each } }),
    );
    const map = maps.join('\n---\n');
    const scopes: (string | undefined)[] = [];
    async function bring(text: string): ReturnType<typeof world.bring> {
      scopes.length = 0;
      const cluster = await world.connect();
      return await world.bring(text, {
        cluster: Object.assign(Object.create(cluster), {
          list(kind: never, options: { namespace?: string; labelSelector?: string }) {
            if (options.labelSelector?.includes('part-of')) scopes.push(options.namespace);
            return cluster.list(kind, options);
          },
        }),
      });
    }
    expect((await bring(map)).changes).toMatchObject({ created: 3, failed: 0 });
    expect((await bring(map)).changes).toMatchObject({ unchanged: 3, failed: 0 });
    expect(new Set(scopes)).toEqual(new Set([undefined, ...namespaces]));
    expect((await bring(map)).changes).toMatchObject({ unchanged: 3, failed: 0 });
    expect(new Set(scopes)).toEqual(new Set(namespaces));
  });
});
