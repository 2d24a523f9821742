import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/failure.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { createWorld } from './world.ts';

describeCluster('prune', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  const merge = { 'content-type': 'application/merge-patch+json' };
  function world(fields: Record<string, unknown> = {}): { name: string } & ReturnType<typeof createWorld> {
    const name = `prune-${randomBytes(4).toString('hex')}`;
    return { name, ...createWorld(kubeconfig, name, { namespace, ...fields }) };
  }
  function map(name: string, metadata: object = {}): string {
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...metadata } });
  }
  function all(...documents: string[]): string {
    return documents.join('\n---\n');
  }

  it.each([
    ['fluxcd.io/ignore', 'true'],
    ['fluxcd.io/ignore', 'sync_only'],
    ['kustomize.toolkit.fluxcd.io/prune', 'disabled'],
  ])('keeps an object whose live annotation %s is %s', async (key, value) => {
    const { name, bring } = world();
    await bring(all(map(`a-${name}`), map(`b-${name}`)));
    await api('PATCH', `${configMaps}/b-${name}`, { metadata: { annotations: { [key]: value } } }, merge);
    expect((await bring(map(`a-${name}`))).changes).toMatchObject({ deleted: 0, skipped: 1 });
    expect((await api('GET', `${configMaps}/b-${name}`)).status).toBe(200);
  });

  it('deletes nothing of an empty render, which fails, unless allowEmpty says so', async () => {
    const { name, bring } = world();
    await bring(map(`a-${name}`));
    const empty = await bring('');
    expect(empty.error).toMatchObject({
      fault: 'user',
      code: 'Empty',
      help: expect.stringContaining('allowEmpty: true'),
    });
    expect(empty.objects).toEqual([
      {
        id: `${namespace}:configmap/a-${name}`,
        action: 'skipped',
        error: expect.stringContaining('renders no object'),
      },
    ]);
    expect((await bring('', { target: { allowEmpty: true } })).changes).toMatchObject({ deleted: 1 });
  });

  it('an empty render of a target that has nothing is no failure and writes nothing', async () => {
    const { name, bring } = world();
    expect(await bring('')).toMatchObject({ changes: { created: 0, deleted: 0 }, objects: [] });
    expect((await api('GET', `/api/v1/namespaces/default/configmaps/sluice-${name}`)).status).toBe(404);
  });

  it('deletes nothing with prune: false, and says what it keeps', async () => {
    const { name, bring } = world({ prune: false });
    await bring(all(map(`a-${name}`), map(`b-${name}`)));
    const result = await bring(map(`a-${name}`));
    expect(result).toMatchObject({ changes: { deleted: 0, skipped: 1 } });
    expect(result.error).toBeUndefined();
  });

  it('deletes the pods of a Job with it', async () => {
    const { name, bring } = world({ allowEmpty: true });
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } },
    };
    await bring(JSON.stringify(job));
    const pods = `/api/v1/namespaces/${namespace}/pods?labelSelector=job-name%3D${name}`;
    await until(async () => (await api('GET', pods)).body.items.length === 1);
    await bring('');
    await until(async () => (await api('GET', pods)).body.items.length === 0);
  });

  it('keeps a Namespace that holds what is not ours, and says what; cascade deletes it', async () => {
    const { name, bring } = world({ allowEmpty: true });
    const space = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await bring(all(space, map('ours', { namespace: name })));
    await api('POST', `/api/v1/namespaces/${name}/configmaps`, { metadata: { name: 'foreign' } });
    const kept = await bring('');
    expect(kept.objects).toContainEqual({
      id: `<cluster>:namespace/${name}`,
      action: 'skipped',
      error: expect.stringContaining('ConfigMap "foreign"'),
    });
    expect(kept.changes).toMatchObject({ deleted: 1, skipped: 1 });
    await api(
      'PATCH',
      `/api/v1/namespaces/${name}`,
      { metadata: { annotations: { 'sluice.dev/prune': 'cascade' } } },
      merge,
    );
    expect((await bring('')).changes).toMatchObject({ deleted: 1 });
  });

  it('deletes a Namespace together with the workload of ours in it, whose pods are still there', async () => {
    const { name, bring } = world({ allowEmpty: true });
    const workload = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'app', namespace: name },
      spec: {
        replicas: 2,
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      },
    };
    await bring(
      all(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }), JSON.stringify(workload)),
    );
    await until(async () => (await api('GET', `/api/v1/namespaces/${name}/pods`)).body.items.length === 2);
    expect((await bring('')).changes).toMatchObject({ deleted: 2, skipped: 0 });
  });

  it('an Ingress that shows under two groups is one object', async () => {
    const { name, bring } = world();
    const ingress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, namespace },
      spec: { defaultBackend: { service: { name: 'x', port: { number: 80 } } } },
    };
    await bring(
      all(
        JSON.stringify({
          ...ingress,
          apiVersion: 'extensions/v1beta1',
          spec: { backend: { serviceName: 'x', servicePort: 80 } },
        }),
      ),
    );
    const moved = await bring(JSON.stringify(ingress));
    expect(moved.changes).toMatchObject({ deleted: 0, failed: 0 });
    expect((await api('GET', `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}`)).status).toBe(200);
    expect((await bring(JSON.stringify(ingress))).changes).toMatchObject({ deleted: 0, unchanged: 1 });
  });

  it('deletes nothing, and fails, while a claimed kind cannot be listed', async () => {
    const { name, bring, connect } = world();
    const account = JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
    await bring(all(map(`a-${name}`), map(`b-${name}`), account));
    const cluster = await connect();
    const deaf = Object.assign(Object.create(cluster), {
      list: (kind: { kind: string }, options: object) =>
        kind.kind === 'ServiceAccount'
          ? Promise.reject(new Failure('server', 'Cannot list: the aggregated API is away'))
          : cluster.list(kind as never, options),
    });
    const result = await bring(map(`a-${name}`), { cluster: deaf });
    expect(result.error).toMatchObject({
      fault: 'server',
      code: 'NotListed',
      message: expect.stringMatching(/^Cannot list the objects of kind ServiceAccount that ".*" owns: /),
    });
    expect(result.changes).toMatchObject({ deleted: 0, unchanged: 1, skipped: 1 });
    expect((await bring(map(`a-${name}`))).changes).toMatchObject({ deleted: 2 });
  });

  it('an object that somebody changes meanwhile is looked at again before it is deleted', async () => {
    const { name, bring, connect } = world();
    await bring(all(map(`a-${name}`), map(`b-${name}`), map(`c-${name}`)));
    const cluster = await connect();
    const slow = Object.assign(Object.create(cluster), {
      async list(kind: never, options: never) {
        const objects = await cluster.list(kind, options);
        await api('PATCH', `${configMaps}/b-${name}`, { data: { x: String(Math.random()) } }, merge);
        await api(
          'PATCH',
          `${configMaps}/c-${name}`,
          { metadata: { labels: { 'applyset.kubernetes.io/part-of': 'somebody' } } },
          merge,
        );
        return objects;
      },
    });
    const result = await bring(map(`a-${name}`), { cluster: slow });
    expect(result.changes).toMatchObject({ deleted: 1, skipped: 1 });
    expect((await api('GET', `${configMaps}/b-${name}`)).status).toBe(404);
    expect((await api('GET', `${configMaps}/c-${name}`)).status).toBe(200);
  });

  function widgetCrd(group: string): object {
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind: 'Widget', plural: 'widgets' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
  }

  it('deletes a Namespace while the CRD of a kind that it was looked through for vanishes beside it', async () => {
    const { name, bring, connect } = world({ allowEmpty: true });
    const group = `${name}.sluice.test`;
    const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'w', namespace: name } };
    const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await bring(all(...[widgetCrd(group), home, widget].map((object) => JSON.stringify(object))));
    const cluster = await connect();
    const late = {
      ...cluster,
      async list(...[kind, options]: Parameters<typeof cluster.list>) {
        const isLookedThrough =
          kind.kind === 'Widget' && options?.labelSelector === undefined && options?.namespace === name;
        if (isLookedThrough) await until(async () => (await api('GET', `/apis/${group}/v1/widgets`)).status === 404);
        return cluster.list(kind, options);
      },
    };
    expect((await bring('', { cluster: late })).changes).toMatchObject({ deleted: 3, failed: 0 });
  });

  it('a CRD with instances is kept and said', async () => {
    const { name, bring } = world({ allowEmpty: true });
    const group = `${name}.sluice.test`;
    await bring(JSON.stringify(widgetCrd(group)));
    const widgets = `/apis/${group}/v1/namespaces/${namespace}/widgets`;
    await until(
      async () =>
        (await api('POST', widgets, { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'w' } })).status ===
        201,
    );
    expect((await bring('')).objects).toContainEqual({
      id: `<cluster>:customresourcedefinition/widgets.${group}`,
      action: 'skipped',
      error: expect.stringContaining('Widget "w"'),
    });
    await api('DELETE', `${widgets}/w`);
    expect((await bring('')).changes).toMatchObject({ deleted: 1 });
  });

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if (await isSo()) return;
      await sleep(50);
    }
    throw new Error('it did not happen within 10 s');
  }
});
