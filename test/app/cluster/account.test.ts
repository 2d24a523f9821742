import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  describeCluster,
  type PolicyRule,
  rawApi,
  serviceAccountKubeconfig,
  useNamespace,
} from '../../parts/api-server.ts';
import { createWorld, type World } from './world.ts';

describeCluster('an account', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-account-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  async function worldOf(rules: readonly PolicyRule[]): Promise<World & { readonly name: string }> {
    const name = `account-${randomBytes(4).toString('hex')}`;
    const path = join(directory, name);
    writeFileSync(path, await serviceAccountKubeconfig(kubeconfig, namespace, name, rules), { mode: 0o600 });
    return { name, ...createWorld(path, name, { inventory: { namespace } }) };
  }

  function map(name: string, where: string): string {
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: where } });
  }

  const configMaps = { apiGroups: [''], resources: ['configmaps'] };

  it('that may not read an object has it refused by name; the others are applied, nothing is deleted', async () => {
    const { name, bring } = await worldOf([{ ...configMaps, verbs: ['*'] }]);
    await bring(`${map(`kept-${name}`, namespace)}\n---\n${map(`old-${name}`, namespace)}`);
    const result = await bring(`${map(`kept-${name}`, namespace)}\n---\n${map(`astray-${name}`, 'default')}`);
    expect(result.changes).toMatchObject({ unchanged: 1, failed: 1, skipped: 1, deleted: 0 });
    expect(result.error).toMatchObject({
      fault: 'user',
      message: `Cannot apply "default:configmap/astray-${name}" of all.yaml:2: User "system:serviceaccount:${namespace}:${name}" cannot get resource "configmaps" in API group "" in the namespace "default"`,
      help: expect.stringMatching(/^"sluice validate --rbac TARGET" prints the Role that the account needs\. /),
    });
    expect((await api('GET', `/api/v1/namespaces/${namespace}/configmaps/old-${name}`)).status).toBe(200);
  });

  it.each([
    ['read', [], 'get'],
    ['write', ['get', 'list'], 'create'],
  ])('that may not %s the inventory touches nothing', async (done, verbs, verb) => {
    const { name, bring } = await worldOf([{ ...configMaps, verbs }]);
    await expect(bring(map(`never-${name}`, namespace))).rejects.toMatchObject({
      fault: 'user',
      message: expect.stringMatching(
        new RegExp(
          `^Cannot ${done} the inventory "${namespace}/sluice-${name}": User ".*" cannot ${verb} resource "configmaps"`,
        ),
      ),
      help: expect.stringContaining('--rbac'),
    });
    expect((await api('GET', `/api/v1/namespaces/${namespace}/configmaps/never-${name}`)).status).toBe(404);
  });
});
