import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../lib/app/ports.ts';
import type { ResourceKind } from '../../../lib/domain/objects/kube-object.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { configMap, connectTo, kindOf, refusal } from '../../parts/connect.ts';

describeCluster('a connection to a real API server', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const direct = rawApi(kubeconfig);
  let cluster: Cluster;
  let configMaps: ResourceKind;

  beforeAll(async () => {
    cluster = await connectTo(kubeconfig);
    configMaps = await kindOf(cluster, 'v1', 'ConfigMap');
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

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
});
