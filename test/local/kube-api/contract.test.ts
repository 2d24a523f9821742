import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnect } from '../../../lib/adapters/cluster/connect.ts';
import { takeOverFields } from '../../../lib/app/cluster/take-over-fields.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { healthOf } from '../../../lib/domain/health/health.ts';
import { listAt } from '../../../lib/domain/health/live-field.ts';
import type { KubeObject, ManagedFields, ResourceKind } from '../../../lib/domain/objects/kube-object.ts';
import { takeOver } from '../../../lib/domain/objects/ownership.ts';
import { startKubeApi } from '../../../lib/local/kube-api/start.ts';
import { describeCluster, type RawAnswer, type RawApi, rawApi } from '../../parts/api-server.ts';

/** Requests of other writers than Sluice. */
type Send = (...request: Parameters<RawApi>) => Promise<RawAnswer>;

interface Server {
  /** The text of a kubeconfig. */
  readonly kubeconfig: string;
  readonly send: Send;
  stop(): Promise<void>;
}

describe('the embedded API', () => {
  holdToContract(async () => {
    const api = await startKubeApi({ settleMs: 50 });
    const { token } = JSON.parse(api.kubeconfig).users[0].user;
    const send: Send = async (method, path, body, headers = {}) => {
      const answer = await fetch(api.url + path, {
        method,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json() };
    };
    return { ...api, send };
  });
});

describeCluster('a real API server', (kubeconfig) => {
  holdToContract(async () => ({
    kubeconfig: readFileSync(kubeconfig, 'utf8'),
    send: rawApi(kubeconfig),
    stop: async () => undefined,
  }));
});

/** What a sync uses of the Kubernetes API. */
function holdToContract(start: () => Promise<Server>): void {
  const namespace = `sluice-contract-${randomBytes(4).toString('hex')}`;
  const core = `/api/v1/namespaces/${namespace}`;
  let server: Server;
  let cluster: Cluster;
  let configMaps: ResourceKind;
  let services: ResourceKind;
  let deployments: ResourceKind;
  let namespaces: ResourceKind;

  beforeAll(async () => {
    server = await start();
    const connect = createConnect({ readSecret: async () => server.kubeconfig });
    cluster = await connect({ kubeconfig: { env: 'KUBECONFIG_TEXT' } });
    configMaps = await kindOf('v1', 'ConfigMap');
    services = await kindOf('v1', 'Service');
    deployments = await kindOf('apps/v1', 'Deployment');
    namespaces = await kindOf('v1', 'Namespace');
    await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  });
  afterAll(async () => {
    await cluster.delete(namespaces, { name: namespace });
    await cluster[Symbol.asyncDispose]();
    await server.stop();
  });

  async function kindOf(apiVersion: string, kind: string): Promise<ResourceKind> {
    const found = (await cluster.resources(apiVersion))?.find((entry) => entry.kind === kind);
    if (found === undefined) throw new Error(`there is no ${kind}`);
    return found;
  }

  function configMap(name: string, data: Record<string, string>, labels?: Record<string, string>): KubeObject {
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...(labels && { labels }) }, data };
  }

  function deployment(name: string, containers: unknown[], more: Record<string, unknown> = {}): KubeObject {
    const template = { metadata: { labels: { app: name } }, spec: { containers } };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: { replicas: 0, selector: { matchLabels: { app: name } }, template, ...more },
    };
  }

  function entryOf(object: KubeObject, manager = 'sluice', operation = 'Apply'): ManagedFields | undefined {
    return object.metadata.managedFields?.find((entry) => entry.manager === manager && entry.operation === operation);
  }

  async function getFull(kind: ResourceKind, name: string): Promise<KubeObject> {
    const object = await cluster.get(kind, { name, namespace }, { full: true });
    if (object === undefined) throw new Error(`there is no ${name}`);
    return object;
  }

  function failsWith(code: string) {
    return expect.objectContaining({ name: 'Failure', code });
  }

  describe('discovery', () => {
    it('tells the kinds of a version, and whether they have a namespace', async () => {
      expect(namespaces).toMatchObject({ plural: 'namespaces', namespaced: false });
      expect(deployments).toMatchObject({ plural: 'deployments', namespaced: true });
      expect(deployments.verbs).toEqual(expect.arrayContaining(['create', 'delete', 'get', 'list', 'patch', 'update']));
      expect(await cluster.resources('nope.acme.io/v1')).toBeUndefined();
    });

    it('tells the versions of a group', async () => {
      expect(await cluster.versions('apps')).toEqual(['apps/v1']);
      expect(await cluster.versions('nope.acme.io')).toEqual([]);
    });
  });

  describe('apply', () => {
    it('creates, then changes, then changes nothing', async () => {
      const created = await cluster.apply(configMaps, configMap('steps', { a: '1' }));
      expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const changed = await cluster.apply(configMaps, configMap('steps', { a: '2' }));
      expect(changed.data).toEqual({ a: '2' });
      expect(changed.metadata.uid).toBe(created.metadata.uid);
      expect(Number(changed.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion));
      const unchanged = await cluster.apply(configMaps, configMap('steps', { a: '2' }));
      expect(unchanged.metadata).toEqual(changed.metadata);
      expect(await getFull(configMaps, 'steps')).toMatchObject({ data: { a: '2' }, metadata: changed.metadata });
    });

    it('writes our entry with these very bytes', async () => {
      const containers = [
        {
          name: 'web',
          image: 'nginx:1.27',
          args: ['-v'],
          env: [
            { name: 'B', value: '2' },
            { name: 'A', value: '1' },
          ],
          ports: [{ containerPort: 8080, protocol: 'TCP', name: 'http' }],
          resources: { limits: { cpu: '1' } },
          volumeMounts: [{ name: 'files', mountPath: '/files' }],
        },
      ];
      const volumes = [{ name: 'files', configMap: { name: 'files' } }];
      const object = deployment('bytes', containers);
      const template = { metadata: { labels: { app: 'bytes' } }, spec: { containers, volumes } };
      const applied = await cluster.apply(deployments, { ...object, spec: { ...(object.spec as object), template } });
      expect(entryOf(applied)).toMatchObject({ apiVersion: 'apps/v1', fieldsType: 'FieldsV1' });
      expect(JSON.stringify(entryOf(applied)?.fieldsV1)).toBe(
        '{"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":' +
          '{"k:{\\"name\\":\\"web\\"}":{".":{},"f:args":{},"f:env":{"k:{\\"name\\":\\"A\\"}":{".":{},"f:name":{},"f:value":{}},' +
          '"k:{\\"name\\":\\"B\\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{},"f:ports":' +
          '{"k:{\\"containerPort\\":8080,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},' +
          '"f:resources":{"f:limits":{"f:cpu":{}}},"f:volumeMounts":{"k:{\\"mountPath\\":\\"/files\\"}":{".":{},"f:mountPath":{},' +
          '"f:name":{}}}}},"f:volumes":{"k:{\\"name\\":\\"files\\"}":{".":{},"f:configMap":{"f:name":{}},"f:name":{}}}}}}}',
      );
    });

    it('drops what we no longer apply: a label, an environment entry, a port, a container', async () => {
      const web = {
        name: 'web',
        image: 'nginx',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      };
      const ports = [{ containerPort: 80, protocol: 'TCP' }];
      const before = deployment('drops', [
        { ...web, ports },
        { name: 'side', image: 'busybox' },
      ]);
      await cluster.apply(deployments, { ...before, metadata: { ...before.metadata, labels: { tier: 'front' } } });
      const after = await cluster.apply(
        deployments,
        deployment('drops', [{ ...web, env: [{ name: 'B', value: '2' }] }]),
      );
      expect(after.metadata.labels).toBeUndefined();
      const containers = listAt(after, 'spec.template.spec.containers');
      expect(containers).toEqual([expect.objectContaining({ name: 'web', env: [{ name: 'B', value: '2' }] })]);
      expect(containers[0]).not.toHaveProperty('ports');
    });

    it('leaves the fields of others alone', async () => {
      await cluster.apply(configMaps, configMap('foreign', { ours: '1', dropped: '1' }));
      const theirs = { data: { theirs: '2' }, metadata: { name: 'foreign', labels: { their: 'label' } } };
      await server.send(
        'PATCH',
        `${core}/configmaps/foreign?fieldManager=other`,
        { apiVersion: 'v1', kind: 'ConfigMap', ...theirs },
        {
          'content-type': 'application/apply-patch+yaml',
        },
      );
      const live = await cluster.apply(configMaps, configMap('foreign', { ours: '2' }));
      expect(live).toMatchObject({ data: { ours: '2', theirs: '2' }, metadata: { labels: { their: 'label' } } });
      expect(live.data).not.toHaveProperty('dropped');
      expect(entryOf(live, 'other')?.fieldsV1).toEqual({
        'f:data': { 'f:theirs': {} },
        'f:metadata': { 'f:labels': { 'f:their': {} } },
      });
    });

    it('keeps what another applies, too, until nobody does', async () => {
      const apply = (manager: string, data: Record<string, string>) =>
        server.send(
          'PATCH',
          `${core}/configmaps/shared?fieldManager=${manager}&force=true`,
          configMap('shared', data),
          {
            'content-type': 'application/apply-patch+yaml',
          },
        );
      await cluster.apply(configMaps, configMap('shared', { both: '1', ours: '1' }));
      await apply('other', { both: '1', theirs: '1' });
      expect((await cluster.apply(configMaps, configMap('shared', { ours: '1' }))).data).toEqual({
        both: '1',
        ours: '1',
        theirs: '1',
      });
      expect((await apply('other', { theirs: '1' })).body.data).toEqual({ ours: '1', theirs: '1' });
    });

    it('takes a field from another, and our entry is as it was when we take it back', async () => {
      const object = configMap('taken', { a: '1', b: '1' });
      const first = entryOf(await cluster.apply(configMaps, object));
      const patch = [{ op: 'replace', path: '/data/a', value: 'theirs' }];
      const { body } = await server.send('PATCH', `${core}/configmaps/taken?fieldManager=other`, patch, {
        'content-type': 'application/json-patch+json',
      });
      expect(entryOf(body)?.fieldsV1).toEqual({ 'f:data': { 'f:b': {} } });
      expect(entryOf(body, 'other', 'Update')?.fieldsV1).toEqual({ 'f:data': { 'f:a': {} } });
      const again = await cluster.apply(configMaps, object);
      expect(again.data).toEqual({ a: '1', b: '1' });
      expect(JSON.stringify(entryOf(again)?.fieldsV1)).toBe(JSON.stringify(first?.fieldsV1));
      expect(entryOf(again, 'other', 'Update')).toBeUndefined();
    });

    it('drops what kubectl had made, once its fields are merged into ours', async () => {
      const made = deployment('kubectl', [
        { name: 'web', image: 'nginx', env: [{ name: 'A', value: '1' }] },
        { name: 'side', image: 'busybox' },
      ]);
      const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
      const metadata = { ...made.metadata, labels: { old: 'label' }, annotations };
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments?fieldManager=kubectl-client-side-apply`;
      expect((await server.send('POST', path, { ...made, metadata })).status).toBe(201);
      // Until then its controller writes it all the time.
      const health = async () => healthOf(await getFull(deployments, 'kubectl'))?.status;
      await expect.poll(health, { timeout: 20_000 }).toBe('Current');
      const live = await getFull(deployments, 'kubectl');
      await takeOverFields(cluster, deployments, live, takeOver(live) ?? []);
      const applied = await cluster.apply(deployments, deployment('kubectl', [{ name: 'web', image: 'nginx' }]));
      expect(applied.metadata.labels).toBeUndefined();
      expect(applied.metadata.annotations).not.toHaveProperty('kubectl.kubernetes.io/last-applied-configuration');
      const containers = listAt(applied, 'spec.template.spec.containers');
      expect(containers).toEqual([expect.objectContaining({ name: 'web', image: 'nginx' })]);
      expect(containers[0]).not.toHaveProperty('env');
      expect(entryOf(applied, 'kubectl-client-side-apply', 'Update')).toBeUndefined();
    });

    it('as a dry run shows what would be, and leaves what is', async () => {
      await cluster.apply(configMaps, configMap('dry', { a: '1' }));
      const shown = await cluster.apply(configMaps, configMap('dry', { b: '2' }), { dryRun: true });
      expect(shown.data).toEqual({ b: '2' });
      expect((await getFull(configMaps, 'dry')).data).toEqual({ a: '1' });
      await cluster.apply(configMaps, configMap('dry-new', {}), { dryRun: true });
      expect(await cluster.get(configMaps, { name: 'dry-new', namespace })).toBeUndefined();
    });

    it('counts generations of the spec alone', async () => {
      const object = deployment('counts', [{ name: 'web', image: 'nginx' }]);
      const generation = async (applied: KubeObject) => (await cluster.apply(deployments, applied)).metadata.generation;
      expect(await generation(object)).toBe(1);
      expect(await generation({ ...object, metadata: { ...object.metadata, labels: { a: 'b' } } })).toBe(1);
      expect(await generation(deployment('counts', [{ name: 'web', image: 'nginx:2' }]))).toBe(2);
      expect(await generation(deployment('counts', [{ name: 'web', image: 'nginx:2' }]))).toBe(2);
    });

    it('says which namespace is missing', async () => {
      const object = { ...configMap('lost', {}), metadata: { name: 'lost', namespace: 'not-here' } };
      await expect(cluster.apply(configMaps, object)).rejects.toEqual(failsWith('NotFound'));
      await expect(cluster.apply(configMaps, object)).rejects.toThrow('namespaces "not-here" not found');
    });
  });

  describe('list', () => {
    beforeAll(async () => {
      for (const [name, team] of [
        ['l1', 'red'],
        ['l2', 'blue'],
        ['l3', 'green'],
      ]) {
        await cluster.apply(
          configMaps,
          configMap(`${name}`, { secret: 'value' }, { team: `${team}`, suite: namespace }),
        );
      }
    });
    const names = async (labelSelector: string) =>
      (await cluster.list(configMaps, { labelSelector })).map(({ metadata }) => metadata.name);

    it('selects by labels, in one namespace or all of them', async () => {
      expect(await names(`suite=${namespace}`)).toEqual(['l1', 'l2', 'l3']);
      expect(await names(`suite=${namespace},team in (red, green)`)).toEqual(['l1', 'l3']);
      expect(await names(`suite=${namespace},nothing`)).toEqual([]);
      expect(await cluster.list(configMaps, { namespace, labelSelector: 'team=blue' })).toHaveLength(1);
      expect(await cluster.list(configMaps, { namespace: 'not-here' })).toEqual([]);
    });

    it('gives metadata alone, or whole objects', async () => {
      const labelSelector = `suite=${namespace},team=red`;
      const [partial] = await cluster.list(configMaps, { labelSelector });
      expect(partial).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'l1', namespace } });
      expect(partial).not.toHaveProperty('data');
      expect(partial && entryOf(partial)?.fieldsV1).toHaveProperty('f:data');
      const [full] = await cluster.list(configMaps, { labelSelector, full: true });
      expect(full).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { secret: 'value' } });
    });

    it('goes page by page', async () => {
      const pages: string[][] = [];
      for (let next = ''; pages.length === 0 || next !== ''; ) {
        const query = `labelSelector=suite%3D${namespace}&limit=2&continue=${next}`;
        const { body } = await server.send('GET', `${core}/configmaps?${query}`);
        pages.push(body.items.map((item: KubeObject) => item.metadata.name));
        next = body.metadata.continue ?? '';
      }
      expect(pages).toEqual([['l1', 'l2'], ['l3']]);
    });
  });

  describe('get', () => {
    it('of what is not there is undefined, of a kind that is not served a failure', async () => {
      expect(await cluster.get(configMaps, { name: 'nothing', namespace })).toBeUndefined();
      const shops = { ...configMaps, kind: 'Shop', plural: 'shops' };
      await expect(cluster.get(shops, { name: 'nothing', namespace })).rejects.toEqual(failsWith('NotServed'));
    });

    it('gives metadata alone unless it is asked for more', async () => {
      await cluster.apply(services, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace },
        spec: { ports: [{ port: 80, protocol: 'TCP' }] },
      });
      const partial = await cluster.get(services, { name: 'web', namespace });
      expect(partial).toMatchObject({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } });
      expect(partial).not.toHaveProperty('spec');
    });
  });

  describe('create and replace', () => {
    it('create once', async () => {
      const created = await cluster.create(configMaps, configMap('parent', { a: '1' }));
      expect(created.data).toEqual({ a: '1' });
      await expect(cluster.create(configMaps, configMap('parent', {}))).rejects.toEqual(failsWith('AlreadyExists'));
      await expect(
        cluster.create(configMaps, { ...configMap('x', {}), metadata: { name: 'x', namespace: 'not-here' } }),
      ).rejects.toEqual(failsWith('NotFound'));
    });

    it('replace only what was read', async () => {
      const read = await cluster.create(configMaps, configMap('replaced', { a: '1' }));
      const written = await cluster.replace(configMaps, { ...read, data: { b: '2' } });
      expect(written.data).toEqual({ b: '2' });
      await expect(cluster.replace(configMaps, { ...read, data: {} })).rejects.toEqual(failsWith('Conflict'));
      await expect(cluster.replace(configMaps, configMap('not-there', {}))).rejects.toEqual(failsWith('NotFound'));
      expect((await getFull(configMaps, 'replaced')).data).toEqual({ b: '2' });
    });
  });

  describe('patch', () => {
    it('does all of its operations', async () => {
      const made = {
        ...configMap('patched', { a: '1', b: '1' }),
        metadata: { name: 'patched', namespace, annotations: { 'x.io/y': 'z' } },
      };
      const { metadata } = await cluster.create(configMaps, made);
      const patched = await cluster.patch(configMaps, metadata, [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'add', path: '/data/c', value: '3' },
        { op: 'replace', path: '/data/a', value: '2' },
        { op: 'remove', path: '/data/b' },
        { op: 'remove', path: '/metadata/annotations/x.io~1y' },
        { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
      ]);
      expect(patched.data).toEqual({ a: '2', c: '3' });
      expect(patched.metadata.annotations ?? {}).toEqual({});
    });

    it('does none if one cannot be done, or the object changed', async () => {
      const { metadata } = await cluster.create(configMaps, configMap('kept', { a: '1' }));
      await cluster.apply(configMaps, configMap('kept', { b: '1' }));
      const add = { op: 'add', path: '/data/c', value: '1' } as const;
      const refused: [Parameters<Cluster['patch']>[2][number], string][] = [
        [{ op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion }, 'Conflict'],
        [{ op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion }, 'Invalid'],
        [{ op: 'remove', path: '/data/nothing' }, 'Invalid'],
        [{ op: 'replace', path: '/nothing/here', value: 1 }, 'Invalid'],
      ];
      for (const [operation, code] of refused) {
        await expect(cluster.patch(configMaps, metadata, [add, operation]), operation.path).rejects.toEqual(
          failsWith(code),
        );
      }
      await expect(cluster.patch(configMaps, { name: 'nothing', namespace }, [add])).rejects.toEqual(
        failsWith('NotFound'),
      );
      expect((await getFull(configMaps, 'kept')).data).toEqual({ a: '1', b: '1' });
    });
  });

  describe('delete', () => {
    it('holds for the object that was looked at', async () => {
      const { metadata } = await cluster.apply(configMaps, configMap('gone', { a: '1' }));
      const { uid = '', resourceVersion = '' } = metadata;
      await expect(cluster.delete(configMaps, metadata, { uid: 'another' })).rejects.toEqual(failsWith('Conflict'));
      await expect(cluster.delete(configMaps, metadata, { uid, resourceVersion: '1' })).rejects.toEqual(
        failsWith('Conflict'),
      );
      expect(await cluster.delete(configMaps, metadata, { uid, resourceVersion, dryRun: true })).toBe(true);
      expect(await cluster.get(configMaps, metadata)).toBeDefined();
      expect(await cluster.delete(configMaps, metadata, { uid, resourceVersion })).toBe(true);
      expect(await cluster.get(configMaps, metadata)).toBeUndefined();
      expect(await cluster.delete(configMaps, metadata)).toBe(false);
    });

    it('of a namespace takes what is in it', async () => {
      const name = `${namespace}-gone`;
      await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      await cluster.apply(configMaps, { ...configMap('inside', {}), metadata: { name: 'inside', namespace: name } });
      expect(await cluster.delete(namespaces, { name })).toBe(true);
      await expect.poll(() => cluster.get(namespaces, { name }), { timeout: 30_000 }).toBeUndefined();
      expect(await cluster.get(configMaps, { name: 'inside', namespace: name })).toBeUndefined();
    });
  });
}
