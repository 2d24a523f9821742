import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { planTarget, type Standing } from '../../../lib/app/cluster/plan-target.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { PlanView } from '../../../lib/domain/objects/plan-view.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { kubectl } from '../../parts/kubectl.ts';
import { createWorld, manifestsOf, targetOf } from './world.ts';

describeCluster('plan', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);

  function target(fields: Record<string, unknown> = {}): {
    world: ReturnType<typeof createWorld>;
    plan(text: string, standing?: Standing, paths?: readonly string[]): Promise<PlanView>;
  } {
    const name = `plan-${randomBytes(4).toString('hex')}`;
    const world = createWorld(kubeconfig, name, { namespace, ...fields });
    return {
      world,
      async plan(text, standing, paths) {
        await using cluster = await world.connect();
        const source = { url: 'https://git.example/x.git', branch: 'main', ...(paths && { paths }) };
        const settings = targetOf(name, { namespace, source, ...fields });
        return await planTarget(
          cluster,
          { manifests: manifestsOf(text), warnings: [] },
          settings,
          [settings],
          standing,
        );
      },
    };
  }
  function map(name: string, data: Record<string, string> = { a: '1' }): string {
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  }
  function all(...documents: string[]): string {
    return documents.join('\n---\n');
  }

  it('shows what would be created, configured and deleted, and touches nothing', async () => {
    const { world, plan } = target();
    await world.bring(all(map('p-change'), map('p-same'), map('p-gone')));
    const versions = async (): Promise<unknown> =>
      (await api('GET', `/api/v1/namespaces/${namespace}/configmaps`)).body.items.map(
        ({ metadata }: { metadata: { name: string; resourceVersion: string } }) => [
          metadata.name,
          metadata.resourceVersion,
        ],
      );
    const before = await versions();
    const view = await plan(all(map('p-change', { a: '2' }), map('p-same'), map('p-new')));
    expect(view.objects.map(({ id, action }) => `${action} ${id}`)).toEqual([
      `configured ${namespace}:configmap/p-change`,
      `created ${namespace}:configmap/p-new`,
      `deleted ${namespace}:configmap/p-gone`,
    ]);
    expect(view.summary).toMatchObject({ created: 1, configured: 1, deleted: 1, unchanged: 1 });
    expect(view.objects[0]).toMatchObject({ before: { data: { a: '1' } }, after: { data: { a: '2' } } });
    expect(view.objects[2]).toMatchObject({ before: { data: { a: '1' } } });
    expect(await versions()).toEqual(before);
  });

  it('shows what the take-over of kubectl’s fields would remove', async () => {
    const deployment = (labels: object, env: object[], names: string[]): string =>
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'p-took', namespace, labels },
        spec: {
          replicas: 1,
          selector: { matchLabels: { a: 'b' } },
          template: {
            metadata: { labels: { a: 'b' } },
            spec: { containers: names.map((name) => ({ name, image: 'x', env })) },
          },
        },
      });
    await kubectl(
      kubeconfig,
      ['apply', '-f', '-'],
      deployment(
        { team: 'web', tier: 'front' },
        [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        ['app', 'sidecar'],
      ),
    );
    const git = deployment({ team: 'web' }, [{ name: 'A', value: '1' }], ['app']);
    const { world, plan } = target();
    const view = await plan(git);
    const [planned] = view.objects;
    const spec = { spec: { template: { spec: { containers: [{ name: 'app', env: [{ name: 'A', value: '1' }] }] } } } };
    expect(planned).toMatchObject({
      action: 'configured',
      before: { metadata: { labels: { tier: 'front' } } },
      after: spec,
    });
    expect(planned?.after?.metadata.labels).not.toHaveProperty('tier');
    await world.bring(git);
    const live = (await api('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/p-took`)).body;
    expect(live.spec).toEqual(planned?.after?.spec);
    expect(live.metadata.labels).toEqual(planned?.after?.metadata.labels);
    expect((await plan(git)).objects).toEqual([]);
  });

  it('an object whose namespace or kind the same plan creates is shown as created', async () => {
    const id = randomBytes(3).toString('hex');
    const group = `g${id}.sluice.test`;
    const crd = {
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
    const text = all(
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `p-${id}` } }),
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: `p-${id}` } }),
      JSON.stringify(crd),
      JSON.stringify({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'w', namespace } }),
    );
    const view = await target().plan(text);
    expect(view.summary).toMatchObject({ created: 4, failed: 0 });
    expect(view.objects.flatMap(({ note }) => note ?? [])).toEqual([
      `not tried: namespace "p-${id}" is created by the same plan`,
      `not tried: CustomResourceDefinition "widgets.${group}" is created by the same plan`,
    ]);
  });

  it('an object that would be refused is named, without the values of its Secret', async () => {
    const canary = 'canary-of-a-planned-value';
    const view = await target().plan(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'p-bad', namespace },
        data: { a: `%${canary}%` },
      }),
    );
    expect(view.objects).toMatchObject([{ action: 'failed', id: `${namespace}:secret/p-bad` }]);
    expect(JSON.stringify(view)).not.toContain(canary);
  });

  it('says of what a sync would not touch why, and tells the warnings of the render', async () => {
    const { world, plan } = target({ allowNamespaces: [namespace] });
    await world.bring(all(map('p-stays'), map('p-ours')));
    await api(
      'PATCH',
      `/api/v1/namespaces/${namespace}/configmaps/p-stays`,
      { metadata: { annotations: { 'fluxcd.io/ignore': 'true' } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    const other = (fields: object): string => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...fields });
    const ignored = other({ metadata: { name: 'p-no', namespace, annotations: { 'fluxcd.io/ignore': 'true' } } });
    const outside = other({ metadata: { name: 'p-out', namespace: 'default' } });
    const twice = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p-twice', namespace },
      spec: {
        containers: [
          {
            name: 'a',
            image: 'x',
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
            ],
          },
        ],
      },
    });
    const unknown = JSON.stringify({ apiVersion: 'v1', kind: 'Wombat', metadata: { name: 'p-w', namespace } });
    const view = await plan(all(map('p-ours'), ignored, outside, twice));
    expect(view.objects).toMatchObject([
      {
        id: 'default:configmap/p-out',
        action: 'skipped',
        note: 'namespace "default" is not in allowNamespaces of the target',
      },
      { id: `${namespace}:configmap/p-no`, action: 'skipped', note: 'fluxcd.io/ignore is "true" in git' },
      { id: `${namespace}:pod/p-twice`, action: 'created' },
      { id: `${namespace}:configmap/p-stays`, action: 'skipped', note: 'an annotation of the live object keeps it' },
    ]);
    expect(view.warnings).toEqual([expect.stringContaining(`${namespace}:pod/p-twice: `)]);
    const failed = await plan(all(map('p-ours'), unknown));
    expect(failed.objects[0]).toMatchObject({
      action: 'failed',
      note: expect.stringMatching(/^all.yaml:2: .* no kind Wombat/),
    });
  });

  it('says what prune keeps', async () => {
    const { world, plan } = target({ prune: false });
    await world.bring(all(map('p-a'), map('p-b')));
    expect((await plan(map('p-a'))).objects).toEqual([
      { id: `${namespace}:configmap/p-b`, action: 'skipped', note: 'kept: prune is off' },
    ]);
    expect((await plan('')).summary).toMatchObject({ deleted: 0, skipped: 2 });
  });

  it('announces no deletion beside an object that fails, for a sync deletes none then', async () => {
    const { world, plan } = target();
    await world.bring(all(map('p-kept'), map('p-fine')));
    const bad = JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'p-bad', namespace }, spec: {} });
    const view = await plan(all(map('p-fine'), bad));
    expect(view.summary).toMatchObject({ failed: 1, deleted: 0, skipped: 1 });
    expect(view.objects).toContainEqual({
      id: `${namespace}:configmap/p-kept`,
      action: 'skipped',
      note: 'not deleted: an object of this revision failed',
    });
  });

  it('announces no deletion while a claimed kind cannot be listed, and says that a sync fails of it', async () => {
    const { world } = target();
    const name = `plan-${randomBytes(4).toString('hex')}`;
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'p-s', namespace } };
    const both = all(map('p-here'), map('p-left'), JSON.stringify({ ...service, spec: { ports: [{ port: 80 }] } }));
    const own = createWorld(kubeconfig, name, { namespace });
    await own.bring(both);
    await using cluster = await world.connect();
    const refusing = Object.assign(Object.create(cluster) as typeof cluster, {
      list: (...[kind, options]: Parameters<typeof cluster.list>) => {
        if (kind.kind !== 'Service') return cluster.list(kind, options);
        throw new Failure('server', 'Cannot list "services": service unavailable');
      },
    });
    const settings = targetOf(name, { namespace });
    const rendered = { manifests: manifestsOf(map('p-here')), warnings: [] };
    const view = await planTarget(refusing, rendered, settings, [settings]);
    expect(view.summary).toMatchObject({ deleted: 0, skipped: 1 });
    expect(view.objects).toMatchObject([
      { id: `${namespace}:configmap/p-left`, note: 'not deleted: objects of kind Service could not be listed' },
    ]);
    expect(view.error).toMatchObject({
      fault: 'server',
      message: `Cannot list the objects of kind Service that "${name}" owns: service unavailable`,
    });
  });

  it('of a directory that is one of the paths of its target deletes nothing that another of them may hold', async () => {
    const paths = ['a', 'b'];
    const { world, plan } = target();
    const source = { url: 'https://git.example/x.git', branch: 'main', paths };
    await world.bring(all(map('p-of-a'), map('p-of-b')), { target: { source } });
    const part = await plan(map('p-of-a'), 'directory', ['a']);
    expect(part.summary).toMatchObject({ deleted: 0, skipped: 1 });
    expect(part.objects[0]?.note).toMatch(
      /^not judged: target "plan-\w+" has the paths a, b, and this is a plan of a alone$/,
    );
    expect((await plan(map('p-of-a'), 'directory', ['b', './a/'])).summary).toMatchObject({ deleted: 1 });
    // Settings are what the next sync goes by, whatever the last one had.
    expect((await plan(map('p-of-a'), 'settings', ['a'])).summary).toMatchObject({ deleted: 1 });
  });

  it('of a directory that is nobody’s labels nothing', async () => {
    const { plan } = target();
    const git = map('p-mine');
    const created = await plan(git, 'nobody');
    expect(created.objects[0]?.after?.metadata.labels).toBeUndefined();
    expect(created.objects[0]?.after?.metadata.annotations).toEqual({});
    await kubectl(kubeconfig, ['create', '-f', '-'], git);
    expect((await plan(git, 'nobody')).objects).toEqual([]);
  });

  it('names the webhook that refuses dry runs', async () => {
    const id = randomBytes(3).toString('hex');
    const webhook = {
      apiVersion: 'admissionregistration.k8s.io/v1beta1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: `sluice-${id}` },
      webhooks: [
        {
          name: `side.${id}.sluice.test`,
          sideEffects: 'Unknown',
          failurePolicy: 'Fail',
          admissionReviewVersions: ['v1'],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace, [`sluice-${id}`]: 'yes' } },
          clientConfig: { url: 'https://127.0.0.1:1/x' },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }],
        },
      ],
    };
    await api(
      'PATCH',
      `/api/v1/namespaces/${namespace}`,
      { metadata: { labels: { 'kubernetes.io/metadata.name': namespace, [`sluice-${id}`]: 'yes' } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    const path = '/apis/admissionregistration.k8s.io/v1beta1/validatingwebhookconfigurations';
    expect((await api('POST', path, webhook)).status).toBe(201);
    try {
      for (let tries = 0; tries < 50; tries++) {
        const view = await target().plan(map(`p-${id}`));
        if (view.objects[0]?.note?.includes(`side.${id}.sluice.test`))
          return expect(view.objects[0]).toMatchObject({ action: 'created' });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error('the webhook was not named within 5 s');
    } finally {
      await api('DELETE', `${path}/sluice-${id}`);
    }
  });
});
