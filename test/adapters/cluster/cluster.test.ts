import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../lib/app/ports.ts';
import type { KubeObject, ResourceKind } from '../../../lib/domain/kube-object.ts';
import { fieldManager, ownEntry } from '../../../lib/domain/ownership.ts';
import { describeCluster, rawApi, serviceAccountKubeconfig, useNamespace } from '../../parts/api-server.ts';
import { configMap, connectTo, kindOf, refusal } from '../../parts/connect.ts';

describeCluster('a connection to a real API server', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const direct = rawApi(kubeconfig);
  let cluster: Cluster;
  let configMaps: ResourceKind;
  let deployments: ResourceKind;
  let secrets: ResourceKind;

  beforeAll(async () => {
    cluster = await connectTo(kubeconfig);
    configMaps = await kindOf(cluster, 'v1', 'ConfigMap');
    secrets = await kindOf(cluster, 'v1', 'Secret');
    deployments = await kindOf(cluster, 'apps/v1', 'Deployment');
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  function pathOf(name: string): string {
    return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  }

  function deployment(name: string, spec: object = {}): KubeObject {
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }] } };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: { selector: { matchLabels: labels }, template, ...spec },
    };
  }

  describe('apply', () => {
    it('takes over what another manager owns, and owns it alone', async () => {
      await direct('POST', `/api/v1/namespaces/${namespace}/configmaps?fieldManager=someone`, {
        metadata: { name: 'taken' },
        data: { key: 'theirs', other: 'theirs' },
      });
      const live = await cluster.apply(configMaps, configMap(namespace, 'taken', { key: 'ours' }));
      expect(live.data).toEqual({ key: 'ours', other: 'theirs' });
      expect(ownEntry(live)).toMatchObject({ manager: fieldManager, fieldsV1: { 'f:data': { 'f:key': {} } } });
      const theirs = live.metadata.managedFields?.find((entry) => entry.manager === 'someone');
      expect(theirs?.fieldsV1?.['f:data']).not.toHaveProperty('f:key');
    });

    it('changes nothing as a dry run, and answers with what would be', async () => {
      const dry = await cluster.apply(configMaps, configMap(namespace, 'dry', { key: 'value' }), { dryRun: true });
      expect(dry.data).toEqual({ key: 'value' });
      expect((await direct('GET', pathOf('dry'))).status).toBe(404);
    });

    it('leaves the same entry for v=1 and v=2, so that it alone cannot tell which the cluster holds', async () => {
      const one = await cluster.apply(configMaps, configMap(namespace, 'versions', { v: '1' }));
      const two = await cluster.apply(configMaps, configMap(namespace, 'versions', { v: '2' }));
      expect(JSON.stringify(ownEntry(two)?.fieldsV1)).toBe(JSON.stringify(ownEntry(one)?.fieldsV1));
    });

    it('leaves an entry that foreign additions keep, that loses a field taken, and that comes back', async () => {
      const object = configMap(namespace, 'entry', { key: 'ours' });
      const applied = JSON.stringify(ownEntry(await cluster.apply(configMaps, object))?.fieldsV1);
      async function change(data: object): Promise<string> {
        const headers = { 'content-type': 'application/merge-patch+json' };
        const { body } = await direct('PATCH', `${pathOf('entry')}?fieldManager=someone`, { data }, headers);
        return JSON.stringify(ownEntry(body)?.fieldsV1);
      }
      expect(await change({ extra: 'theirs' })).toBe(applied);
      expect(await change({ key: 'theirs' })).not.toBe(applied);
      expect(JSON.stringify(ownEntry(await cluster.apply(configMaps, object))?.fieldsV1)).toBe(applied);
    });

    it('resets replicas to 1 when they are given up', async () => {
      await cluster.apply(deployments, deployment('replicas', { replicas: 3 }));
      const live = await cluster.apply(deployments, deployment('replicas'));
      expect(live.spec).toMatchObject({ replicas: 1 });
    });

    it('succeeds on an object that is being deleted, which then vanishes', async () => {
      const held = configMap(namespace, 'going', { v: '1' });
      await cluster.apply(configMaps, { ...held, metadata: { ...held.metadata, finalizers: ['sluice.dev/test'] } });
      await cluster.delete(configMaps, held.metadata);
      const live = await cluster.apply(configMaps, {
        ...held,
        metadata: { ...held.metadata, finalizers: ['sluice.dev/test'] },
        data: { v: '2' },
      });
      expect(live.metadata.deletionTimestamp).toBeTruthy();
      await cluster.patch(configMaps, held.metadata, [{ op: 'remove', path: '/metadata/finalizers' }]);
      expect(await cluster.get(configMaps, held.metadata)).toBeUndefined();
    });
  });

  describe('a manifest that its author has to mend is a user failure', () => {
    const broken: readonly [title: string, kind: () => ResourceKind, object: () => object, found: RegExp][] = [
      [
        'a value of another type',
        () => configMaps,
        () => ({ ...configMap(namespace, 'bad'), data: 5 }),
        /expected map/,
      ],
      ['an unknown type in a list', () => deployments, () => deployment('bad', { replicas: 'three' }), /replicas/],
      [
        'a duplicate list key',
        () => deployments,
        () => {
          const env = [
            { name: 'A', value: '1' },
            { name: 'A', value: '2' },
          ];
          const spec = { containers: [{ name: 'app', image: 'app:1', env }] };
          return deployment('bad', { template: { metadata: { labels: { app: 'bad' } }, spec } });
        },
        /duplicate entries/,
      ],
      [
        'base64 that is none',
        () => secrets,
        () => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bad', namespace }, data: { k: 'not base64!' } }),
        /base64/,
      ],
      ['a name that is none', () => configMaps, () => configMap(namespace, 'Bad_'), /RFC 1123/],
    ];
    it.each(broken)('%s', async (_, kind, object, found) => {
      const refused = await refusal(cluster.apply(kind(), object() as KubeObject));
      expect(refused.fault).toBe('user');
      expect(refused.message).toMatch(found);
    });

    it('a selector that cannot change, with what to do', async () => {
      await cluster.apply(deployments, deployment('immutable'));
      const other = { matchLabels: { app: 'other' } };
      const template = {
        metadata: { labels: { app: 'other' } },
        spec: { containers: [{ name: 'app', image: 'app:1' }] },
      };
      const change = cluster.apply(deployments, deployment('immutable', { selector: other, template }));
      const { code, fault, help } = await refusal(change);
      expect([fault, code]).toEqual(['user', 'Invalid']);
      expect(help).toContain('kustomize.toolkit.fluxcd.io/force: enabled');
    });

    it('a name that would lead to another path is never sent', async () => {
      const names = ['..', '.', '', '../../namespaces', 'x/status', 'x%2Fstatus'];
      for (const name of names) {
        const applied = (async () => cluster.apply(configMaps, configMap(namespace, name)))();
        expect((await refusal(applied)).message).toBe(`Cannot ask the cluster for "${name}": that is no name`);
      }
    });
  });

  describe('what is not there', () => {
    it('an object is undefined, and false when deleted', async () => {
      expect(await cluster.get(configMaps, { namespace, name: 'none' })).toBeUndefined();
      expect(await cluster.delete(configMaps, { namespace, name: 'none' })).toBe(false);
    });

    it('a namespace is a missing failure that says so', async () => {
      const refused = await refusal(cluster.apply(configMaps, configMap('no-such-namespace', 'x')));
      expect(refused).toMatchObject({ fault: 'missing', code: 'NotFound', help: expect.stringContaining('namespace') });
      expect(refused.message).toContain('namespaces "no-such-namespace" not found');
    });

    it('a kind is another failure than an object', async () => {
      const unknown = { ...configMaps, plural: 'widgets', kind: 'Widget' };
      const actions = [
        () => cluster.get(unknown, { namespace, name: 'x' }),
        () => cluster.list(unknown),
        () => cluster.delete(unknown, { namespace, name: 'x' }),
      ];
      for (const action of actions) {
        expect(await refusal(action())).toMatchObject({ fault: 'missing', code: 'NotServed' });
      }
    });

    it('content of a namespace that is being deleted is a server failure', async () => {
      const going = `${namespace}-going`;
      await direct('POST', '/api/v1/namespaces', { metadata: { name: going } });
      const held = configMap(going, 'held');
      await cluster.apply(configMaps, { ...held, metadata: { ...held.metadata, finalizers: ['sluice.dev/test'] } });
      await direct('DELETE', `/api/v1/namespaces/${going}`);
      const refused = await refusal(cluster.apply(configMaps, configMap(going, 'late')));
      expect(refused).toMatchObject({ fault: 'server', code: 'NamespaceTerminating' });
      await cluster.patch(configMaps, held.metadata, [{ op: 'remove', path: '/metadata/finalizers' }]);
    });
  });

  describe('reading', () => {
    it('gives metadata alone unless asked for more, with the kind filled in', async () => {
      const object = configMap(namespace, 'read', { key: 'value' });
      await cluster.apply(configMaps, { ...object, metadata: { ...object.metadata, labels: { read: 'yes' } } });
      const selected = { namespace, labelSelector: 'read=yes' };
      const brief = [await cluster.get(configMaps, object.metadata), ...(await cluster.list(configMaps, selected))];
      for (const live of brief) {
        expect(Object.keys(live ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
        expect(live).toMatchObject({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'read', uid: expect.any(String) },
        });
      }
      const whole = [
        await cluster.get(configMaps, object.metadata, { full: true }),
        ...(await cluster.list(configMaps, { ...selected, full: true })),
      ];
      for (const live of whole)
        expect(live).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { key: 'value' } });
      expect([brief.length, whole.length]).toEqual([2, 2]);
    });

    it('lists every namespace when none is named', async () => {
      const roots = await cluster.list(configMaps, { labelSelector: 'read=yes' });
      expect(roots.map((live) => live.metadata.namespace)).toContain(namespace);
    });

    it('sends names with colons, as RBAC has them', async () => {
      const roles = await kindOf(cluster, 'rbac.authorization.k8s.io/v1', 'ClusterRole');
      expect((await cluster.get(roles, { name: 'system:node' }))?.metadata.name).toBe('system:node');
    });
  });

  describe('writing', () => {
    it('creates once', async () => {
      const object = configMap(namespace, 'created');
      expect((await cluster.create(configMaps, object)).metadata.uid).toBeTruthy();
      expect((await refusal(cluster.create(configMaps, object))).code).toBe('AlreadyExists');
    });

    it('replaces only what it has read', async () => {
      const read = await cluster.create(configMaps, configMap(namespace, 'replaced', { v: '1' }));
      const written = await cluster.replace(configMaps, { ...read, data: { v: '2' } });
      expect(written.data).toEqual({ v: '2' });
      expect((await refusal(cluster.replace(configMaps, { ...read, data: { v: '3' } }))).code).toBe('Conflict');
    });

    it('patches by RFC 6902, with resourceVersion as precondition', async () => {
      const read = await cluster.create(configMaps, configMap(namespace, 'patched', { v: '1' }));
      const { resourceVersion } = read.metadata;
      const pin = { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion } as const;
      const change = { op: 'replace', path: '/data/v', value: '2' } as const;
      expect((await cluster.patch(configMaps, read.metadata, [pin, change])).data).toEqual({ v: '2' });
      expect((await refusal(cluster.patch(configMaps, read.metadata, [pin, change]))).code).toBe('Conflict');
    });

    it('deletes only the object that was seen, and says nothing of a dry run', async () => {
      const { metadata } = await cluster.create(configMaps, configMap(namespace, 'deleted'));
      const { uid, resourceVersion } = metadata;
      for (const wrong of [{ uid: 'x' }, { resourceVersion: '1' }]) {
        expect((await refusal(cluster.delete(configMaps, metadata, wrong))).code).toBe('Conflict');
      }
      if (uid === undefined || resourceVersion === undefined) throw new Error('no uid');
      expect(await cluster.delete(configMaps, metadata, { uid, resourceVersion, dryRun: true })).toBe(true);
      expect(await cluster.get(configMaps, metadata)).toBeDefined();
      expect(await cluster.delete(configMaps, metadata, { uid, resourceVersion })).toBe(true);
      expect(await cluster.get(configMaps, metadata)).toBeUndefined();
    });

    it("deletes a Job's pods with it", async () => {
      const jobs = await kindOf(cluster, 'batch/v1', 'Job');
      const pods = await kindOf(cluster, 'v1', 'Pod');
      const key = { name: 'job', namespace };
      const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'app:1' }] } };
      await cluster.apply(jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata: key, spec: { template } });
      const of = { namespace, labelSelector: 'job-name=job' };
      await expect.poll(async () => (await cluster.list(pods, of)).length, { timeout: 20_000 }).toBe(1);
      await cluster.delete(jobs, key);
      await expect.poll(async () => (await cluster.list(pods, of)).length, { timeout: 20_000 }).toBe(0);
    });
  });

  describe('an account', () => {
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
});
