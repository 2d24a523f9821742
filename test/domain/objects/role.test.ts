import { describe, expect, it } from 'vitest';
import { type RoleKind, rolesFor } from '../../../lib/domain/objects/role.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';

const deployment: RoleKind = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true };
const service: RoleKind = { apiVersion: 'v1', kind: 'Service', plural: 'services', namespaced: true };
const secret: RoleKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
const namespaceKind: RoleKind = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
const rbac = 'rbac.authorization.k8s.io/v1';
const roleKind: RoleKind = { apiVersion: rbac, kind: 'Role', plural: 'roles', namespaced: true };
const bindingKind: RoleKind = { apiVersion: rbac, kind: 'RoleBinding', plural: 'rolebindings', namespaced: true };

const target = {
  name: 'shop',
  cluster: { kubeconfig: { env: 'KUBECONFIG_SHOP' } },
  allowNamespaces: [],
  inventory: { namespace: 'sluice' },
  adopts: [],
};
const verbs = ['get', 'list', 'create', 'patch', 'delete'];
const names = (roles: ReturnType<typeof rolesFor>) =>
  roles.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);

describe('rolesFor', () => {
  it('gives the inventory alone in its namespace, and every kind in the whole cluster', () => {
    const roles = rolesFor([service, deployment, secret], target);
    expect(names(roles)).toEqual(['Role sluice/sluice-shop-inventory', 'ClusterRole /sluice-shop']);
    expect(roles[0]?.rules).toContainEqual({
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['sluice-shop'],
      verbs: ['get', 'update', 'patch', 'delete'],
    });
    expect(roles[1]?.rules).toEqual([
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
      { apiGroups: [''], resources: ['secrets', 'services'], verbs },
      { apiGroups: ['apps'], resources: ['deployments'], verbs },
    ]);
  });

  it('keeps namespaced kinds to the allowed namespaces', () => {
    const roles = rolesFor([deployment, namespaceKind], { ...target, allowNamespaces: ['shop', 'cart'] });
    expect(names(roles)).toEqual([
      'Role sluice/sluice-shop-inventory',
      'Role shop/sluice-shop',
      'Role cart/sluice-shop',
      'ClusterRole /sluice-shop',
    ]);
    expect(roles[1]?.rules).toContainEqual({ apiGroups: ['apps'], resources: ['deployments'], verbs });
    expect(roles[1]?.rules).toContainEqual(expect.objectContaining({ resources: ['persistentvolumeclaims', 'pods'] }));
    expect(roles[3]?.rules).not.toContainEqual(expect.objectContaining({ apiGroups: ['apps'] }));
  });

  it('lets who renders a Namespace see what is in it', () => {
    const [, role] = rolesFor([namespaceKind], target);
    expect(role?.rules).toContainEqual({
      apiGroups: [''],
      resources: ['persistentvolumeclaims', 'pods'],
      verbs: ['list'],
    });
    expect(role?.rules).toContainEqual({ apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: ['get'] });
  });

  it('lets who brings a CRD see whether there are objects of it, in the whole cluster', () => {
    const thing: RoleKind = { apiVersion: 'sluice.test/v1', kind: 'Thing', plural: 'things', namespaced: true };
    const roles = rolesFor([deployment], { ...target, allowNamespaces: ['shop'] }, [thing]);
    const rule = { apiGroups: ['sluice.test'], resources: ['things'], verbs: ['list'] };
    expect(roles.map(({ rules }) => rules)).toEqual([
      expect.anything(),
      expect.not.arrayContaining([rule]),
      expect.arrayContaining([rule]),
    ]);
  });

  it('grants rights only to who renders them', () => {
    const allowed = (...kinds: RoleKind[]) => rolesFor(kinds, target)[1]?.rules;
    expect(allowed(service)).not.toContainEqual(expect.objectContaining({ apiGroups: ['rbac.authorization.k8s.io'] }));
    expect(allowed(service, bindingKind)).toContainEqual(
      expect.objectContaining({ resources: ['clusterroles', 'roles'], verbs: ['bind'] }),
    );
    expect(allowed(bindingKind)).not.toContainEqual(expect.objectContaining({ verbs: ['escalate'] }));
    expect(allowed(roleKind)).toContainEqual(expect.objectContaining({ resources: ['roles'], verbs: ['escalate'] }));
  });

  it('gives the inventories of adopted targets', () => {
    const [inventory] = rolesFor([], { ...target, adopts: ['store'] });
    expect(inventory?.rules).toContainEqual(
      expect.objectContaining({ resourceNames: ['sluice-shop', 'sluice-store'] }),
    );
  });

  it.each([
    ['system:serviceaccount:team:deployer', 'Role team/sluice-shop-impersonate', 'serviceaccounts', 'deployer'],
    ['jane@acme.io', 'ClusterRole /sluice-shop-impersonate', 'users', 'jane@acme.io'],
  ])('lets the kubeconfig act as %s and no other', (impersonate, name, resource, account) => {
    const roles = rolesFor([], { ...target, cluster: { ...target.cluster, impersonate } });
    expect(names(roles)[0]).toBe(name);
    expect(roles[0]?.rules).toEqual([
      { apiGroups: [''], resources: [resource], verbs: ['impersonate'], resourceNames: [account] },
    ]);
  });
});

describeCluster('rolesFor, bound on a real API server', (kubeconfig) => {
  const api = rawApi(kubeconfig);
  const namespace = useNamespace(kubeconfig);
  const user = `deployer-of-${namespace}`;
  const asUser = { 'impersonate-user': user };
  const shop = { ...target, name: namespace, allowNamespaces: [namespace], inventory: { namespace } };

  async function bind(kinds: readonly RoleKind[]): Promise<void> {
    for (const role of rolesFor(kinds, shop)) {
      const scope = role.metadata.namespace === undefined ? '' : `/namespaces/${role.metadata.namespace}`;
      const path = `/apis/${rbac}${scope}/${role.kind.toLowerCase()}`;
      const made = await api('POST', `${path}s`, role);
      expect(made.status, JSON.stringify(made.body)).toBe(201);
      await api('POST', `${path}bindings`, {
        apiVersion: rbac,
        kind: `${role.kind}Binding`,
        metadata: { name: role.metadata.name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role.kind, name: role.metadata.name },
        subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }],
      });
    }
  }

  function apply(path: string, object: Record<string, unknown>) {
    const headers = { ...asUser, 'content-type': 'application/apply-patch+yaml' };
    return api('PATCH', `${path}?fieldManager=sluice&force=true`, object, headers);
  }

  it('are enough to apply, list and delete these kinds, roles among them, and for nothing else', async () => {
    await bind([service, roleKind, bindingKind]);
    const services = `/api/v1/namespaces/${namespace}/services`;
    const object = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { ports: [{ port: 80, protocol: 'TCP' }] },
    };
    await expect.poll(async () => (await apply(`${services}/web`, object)).status).toBeLessThan(300);
    expect((await api('GET', `${services}?limit=500`, undefined, asUser)).status).toBe(200);
    expect((await api('DELETE', `${services}/web`, undefined, asUser)).status).toBe(200);

    const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
    const parent = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `sluice-${namespace}` } };
    expect((await api('POST', configMaps, parent, asUser)).status).toBe(201);
    expect((await api('DELETE', `${configMaps}/sluice-${namespace}`, undefined, asUser)).status).toBe(200);
    expect((await api('GET', configMaps, undefined, asUser)).status).toBe(403);

    const roles = `/apis/${rbac}/namespaces/${namespace}`;
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
    const granted = await apply(`${roles}/roles/reader`, {
      apiVersion: rbac,
      kind: 'Role',
      metadata: { name: 'reader' },
      rules,
    });
    expect(granted.status, JSON.stringify(granted.body)).toBe(201);
    const bound = await apply(`${roles}/rolebindings/reader`, {
      apiVersion: rbac,
      kind: 'RoleBinding',
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    });
    expect(bound.status, JSON.stringify(bound.body)).toBe(201);

    expect((await api('GET', `/api/v1/namespaces/${namespace}/secrets`, undefined, asUser)).status).toBe(403);
    expect((await api('GET', '/api/v1/services', undefined, asUser)).status).toBe(403);
    for (const kind of ['clusterroles', 'clusterrolebindings'])
      await api('DELETE', `/apis/${rbac}/${kind}/sluice-${namespace}`);
  });
});
