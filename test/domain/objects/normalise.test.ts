import { expect, it } from 'vitest';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { normalise } from '../../../lib/domain/objects/normalise.ts';

function object(fields: Record<string, unknown>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, ...fields } as KubeObject;
}

function deployment(container: Record<string, unknown>, spec: Record<string, unknown> = {}): KubeObject {
  return object({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { template: { spec: { containers: [{ name: 'app', ...container }], ...spec } } },
  });
}

function containerOf(result: KubeObject): unknown {
  return (result as never as { spec: { template: { spec: { containers: unknown[] } } } }).spec.template.spec
    .containers[0];
}

it('drops status, server metadata and null-valued keys, and writes the effective namespace', () => {
  const manifest = object({
    metadata: {
      name: 'x',
      uid: 'u',
      resourceVersion: '1',
      generation: 2,
      selfLink: '/x',
      creationTimestamp: null,
      managedFields: [],
      labels: { a: 'b', gone: null },
    },
    status: { phase: 'x' },
    data: { a: 'b', c: null },
  });
  expect(normalise(manifest, true, 'shop').object).toEqual(
    object({ metadata: { name: 'x', namespace: 'shop', labels: { a: 'b' } }, data: { a: 'b' } }),
  );
});

it('drops the namespace of a cluster-scoped kind', () => {
  const manifest = object({ kind: 'Namespace', metadata: { name: 'notNamespaced', namespace: 'spurious' } });
  expect(normalise(manifest, false, 'shop').object.metadata).toEqual({ name: 'notNamespaced' });
});

it('keeps nulls below spec of a custom resource, where they may mean something', () => {
  const manifest = object({ apiVersion: 'acme.io/v1', kind: 'Thing', spec: { a: null } });
  expect(normalise(manifest, true, 'shop').object.spec).toEqual({ a: null });
});

it('drops the rules that a controller aggregates', () => {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [{ verbs: ['get'] }] };
  expect(normalise(object({ ...role, aggregationRule: {} }), false, '').object.rules).toBeUndefined();
  expect(normalise(object(role), false, '').object.rules).toEqual([{ verbs: ['get'] }]);
});

it('merges stringData into data, which it overrides, as the API server does', () => {
  const secret = object({ kind: 'Secret', data: { a: 'b2xk', b: 'Yg==' }, stringData: { a: 'new' } });
  expect(normalise(secret, true, 'shop').object).toMatchObject({ data: { a: 'bmV3', b: 'Yg==' } });
  expect(normalise(secret, true, 'shop').object).not.toHaveProperty('stringData');
  expect(normalise(object({ kind: 'Secret', stringData: { a: 'x' } }), true, 'shop').object.data).toEqual({
    a: 'eA==',
  });
});

it('leaves a number of stringData to the API server, which refuses it', () => {
  expect(normalise(object({ kind: 'Secret', stringData: { mode: 511 } }), true, 'shop').object.data).toEqual({
    mode: 511,
  });
});

it('names the protocol of container and Service ports', () => {
  expect(containerOf(normalise(deployment({ ports: [{ containerPort: 80 }] }), true, 'a').object)).toMatchObject({
    ports: [{ containerPort: 80, protocol: 'TCP' }],
  });
  const service = object({ kind: 'Service', spec: { ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }] } });
  expect(normalise(service, true, 'a')).toMatchObject({
    object: {
      spec: {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      },
    },
    warnings: [],
  });
});

it('keeps the last of a repeated list key, with a warning that names it', () => {
  const manifest = deployment({
    env: [{ name: 'A', value: '1' }, { name: 'B' }, { name: 'A', value: '2' }, 'odd'],
    ports: [
      { containerPort: 80, name: 'a' },
      { containerPort: 80, name: 'b', protocol: 'TCP' },
    ],
  });
  const { object: result, warnings } = normalise(manifest, true, 'a');
  expect(containerOf(result)).toMatchObject({
    env: [{ name: 'B' }, { name: 'A', value: '2' }, 'odd'],
    ports: [{ containerPort: 80, name: 'b', protocol: 'TCP' }],
  });
  expect(warnings).toEqual([
    'env of container "app" names A more than once: the last one counts',
    'ports of container "app" names 80/TCP more than once: the last one counts',
  ]);
});

it('looks for pod specs in built-in kinds alone', () => {
  const manifest = object({
    apiVersion: 'acme.io/v1',
    kind: 'Deployment',
    spec: { template: { spec: { containers: [{ ports: [{}] }] } } },
  });
  expect(containerOf(normalise(manifest, true, 'a').object)).toEqual({ ports: [{}] });
});

it('does not change the manifest that it is given', () => {
  const manifest = deployment({ ports: [{ containerPort: 80 }] });
  const before = structuredClone(manifest);
  normalise(manifest, true, 'a');
  expect(manifest).toEqual(before);
});
