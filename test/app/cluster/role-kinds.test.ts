import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { roleKinds } from '../../../lib/app/cluster/role-kinds.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { rolesFor } from '../../../lib/domain/objects/role.ts';
import { describeCluster, rawApi, serviceAccountKubeconfig, useNamespace } from '../../parts/api-server.ts';
import { createWorld, manifestsOf, targetOf } from './world.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';

describeCluster('an account with exactly the roles of roleKinds', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-roles-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  /** An account that has no rights yet, and how it is given those of a render. */
  async function account(fields: Record<string, unknown> = {}) {
    const id = randomBytes(4).toString('hex');
    const name = `roles-${id}`;
    const path = join(directory, name);
    writeFileSync(path, await serviceAccountKubeconfig(kubeconfig, namespace, name), { mode: 0o600 });
    const settings = { inventory: { namespace }, namespace, ...fields };
    const target = targetOf(name, settings);
    const world = createWorld(path, name, settings);

    async function grant(cluster: Cluster, text: string): Promise<readonly string[]> {
      const { kinds, instances, warnings } = await roleKinds(cluster, manifestsOf(text), target, [target]);
      for (const role of rolesFor(kinds, target, instances)) {
        const { name: roleName, namespace: where } = role.metadata;
        const scope = where === undefined ? rbac : `${rbac}/namespaces/${where}`;
        const plural = `${role.kind.toLowerCase()}s`;
        await api('DELETE', `${scope}/${plural}/${roleName}`);
        expect((await api('POST', `${scope}/${plural}`, role)).status).toBe(201);
        await api('POST', `${scope}/${role.kind.toLowerCase()}bindings`, {
          metadata: { name: roleName },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role.kind, name: roleName },
          subjects: [{ kind: 'ServiceAccount', name, namespace }],
        });
      }
      return warnings;
    }
    afterAll(async () => {
      for (const kind of ['clusterroles', 'clusterrolebindings']) await api('DELETE', `${rbac}/${kind}/sluice-${name}`);
    });
    return { id, name, world, grant };
  }

  const admin = createWorld(kubeconfig, 'admin');

  function documents(id: string): { kept: string; all: string; crd: string; group: string } {
    const group = `g${id}.sluice.test`;
    const own = `own-${id}`;
    const kept = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `kept-${id}`, namespace } });
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `things.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind: 'Thing', plural: 'things' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
    const template = { metadata: { labels: { a: id } }, spec: { containers: [{ name: 'a', image: 'x' }] } };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: own },
      spec: { replicas: 1, selector: { matchLabels: { a: id } }, template },
    };
    const objects = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: own } }, deployment, crd];
    return {
      kept,
      crd: crd.metadata.name,
      group,
      all: [kept, ...objects.map((object) => JSON.stringify(object))].join('\n---\n'),
    };
  }

  it('applies a Namespace, a Deployment in it and a CRD, and deletes them when git no longer has them', async () => {
    const { id, world, grant } = await account();
    const { kept, all } = documents(id);
    await grant(await admin.connect(), all);
    const first = await world.bring(all);
    expect([first.error, first.changes]).toMatchObject([undefined, { created: 4 }]);
    const pods = `/api/v1/namespaces/own-${id}/pods`;
    await expect.poll(async () => (await api('GET', pods)).body.items.length, { timeout: 20_000 }).toBe(1);

    // Printed anew after git removed them: what the inventory claims is still in it, asked by the account itself.
    expect(await grant(await world.connect(), kept)).toEqual([]);
    const second = await world.bring(kept);
    expect([second.error, second.objects]).toMatchObject([undefined, expect.anything()]);
    expect(second.changes).toMatchObject({ deleted: 3, unchanged: 1, failed: 0, skipped: 0 });
  });

  it('keeps a CRD of which there are objects, and says so', async () => {
    const { id, world, grant } = await account();
    const { kept, all, crd, group } = documents(id);
    await grant(await admin.connect(), all);
    await world.bring(all);
    const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' } };
    const things = `/apis/${group}/v1/namespaces/${namespace}/things`;
    await expect.poll(async () => (await api('POST', things, thing)).status, { timeout: 20_000 }).toBe(201);
    await grant(await admin.connect(), kept);
    const { objects } = await world.bring(kept);
    expect(objects).toContainEqual({
      id: `<cluster>:customresourcedefinition/${crd}`,
      action: 'skipped',
      error: expect.stringMatching(/^there are objects of its kind: Thing "a"; /),
    });
  });

  it('needs what the targets that it adopts own, and is told of kinds that cannot be found', async () => {
    const old = await account();
    const { crd, all } = documents(old.id);
    await old.grant(await admin.connect(), all);
    await old.world.bring(all);
    const heir = targetOf(`heir-${old.id}`, { inventory: { namespace }, adopts: [old.name] });
    const cluster = await admin.connect();
    const wombat = JSON.stringify({ apiVersion: 'v1', kind: 'Wombat', metadata: { name: 'x' } });
    const bare = JSON.stringify({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'x' },
    });
    const found = await roleKinds(cluster, manifestsOf(`${wombat}\n---\n${bare}`), heir, []);
    expect(found.kinds.map(({ kind }) => kind).sort()).toEqual(
      ['ConfigMap', 'CustomResourceDefinition', 'Deployment', 'Namespace'].sort(),
    );
    expect(found.instances.map(({ plural, apiVersion }) => `${plural}.${apiVersion.split('/')[0]}`)).toEqual([crd]);
    expect(found.warnings).toEqual([
      expect.stringMatching(/^Wombat is not in the Role: the cluster has no kind Wombat in v1/),
    ]);

    const owner = targetOf(old.name, { inventory: { namespace } });
    const asked = Object.assign(Object.create(cluster) as Cluster, {
      list: () =>
        Promise.reject(new Failure('user', 'Cannot list "customresourcedefinitions": no', { code: 'Forbidden' })),
    });
    expect((await roleKinds(asked, [], owner, [])).warnings).toEqual([
      'Cannot list "customresourcedefinitions": no: objects of CRDs that are no longer rendered may be missing from the Role',
    ]);
    const deaf = new Failure('server', 'Cannot read: service unavailable');
    for (const verb of ['list', 'get']) {
      const broken = Object.assign(Object.create(cluster) as Cluster, { [verb]: () => Promise.reject(deaf) });
      await expect(roleKinds(broken, [], owner, [])).rejects.toBe(deaf);
    }
  });

  it('that may not read its inventory yet is told what may be missing', async () => {
    const { id, name, world, grant } = await account();
    expect(await grant(await world.connect(), documents(id).kept)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Cannot read the inventory "${namespace}/sluice-${name}": .*: kinds that "${name}" owns but no longer renders may be missing from the Role$`,
        ),
      ),
    ]);
  });
});
