import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeCluster, serviceAccountKubeconfig, useNamespace } from '../../parts/api-server.ts';
import { createWorld } from '../cluster/world.ts';

describeCluster('an account that is limited to a namespace', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-narrow-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is asked for the whole cluster once, and never again', async () => {
    const name = `narrow-${randomBytes(4).toString('hex')}`;
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }];
    const path = join(directory, 'kubeconfig');
    writeFileSync(path, await serviceAccountKubeconfig(kubeconfig, namespace, name, rules), { mode: 0o600 });
    const world = createWorld(path, name, { namespace, inventory: { namespace } });
    const map = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } });
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
    expect((await bring(map)).changes).toMatchObject({ created: 1, failed: 0 });
    expect((await bring(map)).changes).toMatchObject({ unchanged: 1, failed: 0 });
    expect(scopes).toEqual([undefined, namespace]);
    expect((await bring(map)).changes).toMatchObject({ unchanged: 1, failed: 0 });
    expect(scopes).toEqual([namespace]);
  });
});
