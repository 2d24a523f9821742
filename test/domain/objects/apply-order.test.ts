import { expect, it } from 'vitest';
import { stageOf } from '../../../lib/domain/objects/apply-order.ts';
import { describeShared } from '../../shared.ts';

it.each([
  ['v1', 'Namespace', 0],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 0],
  ['v1', 'Service', 1],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 1],
  ['v1', 'ConfigMap', 2],
  ['networking.k8s.io/v1', 'Ingress', 2],
  ['apps/v1', 'Deployment', 3],
  ['autoscaling/v2', 'HorizontalPodAutoscaler', 4],
  ['serving.knative.dev/v1', 'Service', 4],
  ['apiregistration.k8s.io/v1', 'APIService', 5],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 5],
])('%s %s is applied in stage %i', (apiVersion, kind, stage) => {
  expect(stageOf({ apiVersion, kind })).toBe(stage);
});

describeShared('apply order of Flux v1', (shared) => {
  it('namespace, secret, deployment', async () => {
    const { default: file } = await import(`${shared}/cases/sync_gc_scenarios.json`, { with: { type: 'json' } });
    const row = file.cases.find((entry: { kind: string }) => entry.kind === 'apply_order');
    const kinds: Record<string, string> = { deployment: 'Deployment', secret: 'Secret', namespace: 'Namespace' };
    const objects = (row.input.ids as string[]).map((id) => {
      const [, kind = '', name = ''] = /:(.*)\/(.*)/.exec(id) ?? [];
      return { apiVersion: kind === 'deployment' ? 'apps/v1' : 'v1', kind: kinds[kind] ?? '', name };
    });
    const order = objects.toSorted((a, b) => stageOf(a) - stageOf(b)).map(({ name }) => name);
    expect(order).toEqual(row.expect.order);
  });
});
