import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { planTarget } from '../../../lib/app/cluster/plan-target.ts';
import type { PlanView } from '../../../lib/domain/objects/plan-view.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { kubectl } from '../../parts/kubectl.ts';
import { createWorld, manifestsOf, targetOf } from './world.ts';

describeCluster('plan', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);

  function target(fields: Record<string, unknown> = {}): {
    world: ReturnType<typeof createWorld>;
    plan(text: string): Promise<PlanView>;
  } {
    const name = `plan-${randomBytes(4).toString('hex')}`;
    const world = createWorld(kubeconfig, name, { namespace, ...fields });
    return {
      world,
      async plan(text) {
        await using cluster = await world.connect();
        const settings = targetOf(name, { namespace, ...fields });
        return await planTarget(cluster, { manifests: manifestsOf(text), warnings: [] }, settings, [settings]);
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

  it('says what prune keeps', async () => {
    const { world, plan } = target({ prune: false });
    await world.bring(all(map('p-a'), map('p-b')));
    expect((await plan(map('p-a'))).objects).toEqual([
      { id: `${namespace}:configmap/p-b`, action: 'skipped', note: 'kept: prune is off' },
    ]);
    expect((await plan('')).summary).toMatchObject({ deleted: 0, skipped: 2 });
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
