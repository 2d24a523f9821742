import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from '../../../lib/app/ports.ts';
import type { ResourceKind } from '../../../lib/domain/objects/kube-object.ts';
import { describeCluster, rawApi, serviceAccountKubeconfig, useNamespace } from '../../parts/api-server.ts';
import { configMap, connectTo, kindOf, refusal } from '../../parts/connect.ts';

describeCluster('an account', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const direct = rawApi(kubeconfig);
  let cluster: Cluster;
  let configMaps: ResourceKind;
  let secrets: ResourceKind;

  beforeAll(async () => {
    cluster = await connectTo(kubeconfig);
    configMaps = await kindOf(cluster, 'v1', 'ConfigMap');
    secrets = await kindOf(cluster, 'v1', 'Secret');
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'create', 'patch'] }];

  it('that is bound to a namespace works there, and is refused elsewhere', async () => {
    const text = await serviceAccountKubeconfig(kubeconfig, namespace, 'limited', rules);
    await using limited = await connectTo(text);
    expect(limited.namespace).toBe(namespace);
    const kind = await kindOf(limited, 'v1', 'ConfigMap');
    await limited.apply(kind, configMap(namespace, 'limited'));
    expect(await limited.list(kind, { namespace })).not.toEqual([]);
    const refused = await refusal(limited.list(kind));
    expect(refused).toMatchObject({ fault: 'user', code: 'Forbidden', help: expect.stringContaining('--rbac') });
    expect(refused.message).toContain(`system:serviceaccount:${namespace}:limited`);
  });

  it('that is impersonated has its groups too', async () => {
    await serviceAccountKubeconfig(kubeconfig, namespace, 'deployer');
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
    await direct('POST', `${rbac}/roles`, { metadata: { name: 'of-group' }, rules });
    const group = `system:serviceaccounts:${namespace}`;
    await direct('POST', `${rbac}/rolebindings`, {
      metadata: { name: 'of-group' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'of-group' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
    });
    await using impersonating = await connectTo(kubeconfig, {
      impersonate: `system:serviceaccount:${namespace}:deployer`,
    });
    await expect
      .poll(() =>
        impersonating.list(configMaps, { namespace }).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    const { message } = await refusal(impersonating.list(secrets, { namespace }));
    expect(message).toContain(`User "system:serviceaccount:${namespace}:deployer" cannot list`);
  });

  it('that the server does not know is told so', async () => {
    const text = await serviceAccountKubeconfig(kubeconfig, namespace, 'unknown');
    await using unknown = await connectTo(text.replace(/"token":"[^"]*"/, '"token":"wrong"'));
    const refused = await refusal(unknown.resources('v1'));
    expect(refused).toMatchObject({ fault: 'user', code: 'Unauthorized', help: expect.stringContaining('expired') });
    expect(JSON.stringify(refused)).not.toContain('wrong');
  });
});
