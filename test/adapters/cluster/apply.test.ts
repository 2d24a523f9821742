import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../lib/app/ports.ts';
import type { KubeObject, ResourceKind } from '../../../lib/domain/objects/kube-object.ts';
import { fieldManager, ownEntry } from '../../../lib/domain/objects/ownership.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { configMap, connectTo, kindOf, refusal } from '../../parts/connect.ts';

describeCluster('server-side apply by a real API server', (kubeconfig) => {
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
      const names = ['..', '.', '', '../../namespaces', 'x/status', 'x%2Fstatus', 'x\ud800'];
      for (const name of names) {
        const applied = (async () => cluster.apply(configMaps, configMap(namespace, name)))();
        expect((await refusal(applied)).message).toBe(`Cannot ask the cluster for "${name}": that is no name`);
      }
    });
  });
});
