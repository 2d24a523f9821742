import { expect, it } from 'vitest';
import type { KubeObject, ManagedFields } from '../../../lib/domain/objects/kube-object.ts';
import { fieldsToLeave, leaveFields, scaledWorkloads } from '../../../lib/domain/objects/leave-fields.ts';

function deployment(spec: object, managedFields: readonly ManagedFields[] = []): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop', namespace: 'web', managedFields },
    spec,
  };
}

const ownsReplicas: ManagedFields[] = [
  { manager: 'sluice', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
];
const nobody: ReadonlySet<string> = new Set();

it.each([
  [{ kind: 'Deployment', paths: ['/spec/replicas'] }, true],
  [{ kind: 'deployment', name: 'shop', namespace: 'web', paths: ['/spec/replicas'] }, true],
  [{ kind: 'Deployment', name: 'other', paths: ['/spec/replicas'] }, false],
  [{ kind: 'Deployment', namespace: 'other', paths: ['/spec/replicas'] }, false],
  [{ kind: 'StatefulSet', paths: ['/spec/replicas'] }, false],
])('the rule %j applies: %s', (rule, applies) => {
  expect(fieldsToLeave(deployment({ replicas: 1 }), [rule], nobody)).toEqual(applies ? [['spec', 'replicas']] : []);
});

it('pointers are read as RFC 6901 writes them', () => {
  const rule = { kind: 'Deployment', paths: ['/metadata/annotations/a.io~1b~0c'] };
  expect(fieldsToLeave(deployment({ replicas: 1 }), [rule], nobody)).toEqual([['metadata', 'annotations', 'a.io/b~c']]);
});

it('replicas are left alone where git does not set them, and where an autoscaler of the render does', () => {
  const scaled = scaledWorkloads([
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'a', namespace: 'web' },
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'shop' } },
    },
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'b', namespace: 'web' },
      spec: { scaleTargetRef: { name: 'worker' } },
    },
    { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { name: 'c', namespace: 'web' }, spec: {} },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd', namespace: 'web' } },
  ]);
  expect([...scaled]).toEqual(['web:deployment/shop', 'web:deployment/worker']);
  expect(fieldsToLeave(deployment({ replicas: 3 }), [], scaled)).toEqual([['spec', 'replicas']]);
  expect(fieldsToLeave(deployment({}), [], nobody)).toEqual([['spec', 'replicas']]);
  expect(fieldsToLeave(deployment({ replicas: 3 }), [], nobody)).toEqual([]);
});

it('a left field that is ours carries its live value; one that is not goes without', () => {
  const desired = deployment({ replicas: 1, paused: false });
  expect(leaveFields(desired, deployment({ replicas: 5 }, ownsReplicas), [['spec', 'replicas']]).spec).toEqual({
    replicas: 5,
    paused: false,
  });
  expect(leaveFields(desired, deployment({ replicas: 5 }), [['spec', 'replicas']]).spec).toEqual({ paused: false });
  expect(leaveFields(deployment({}), deployment({ replicas: 5 }, ownsReplicas), [['spec', 'replicas']]).spec).toEqual({
    replicas: 5,
  });
});

it('a path through a list always carries the live value', () => {
  const path = ['spec', 'containers', '0', 'image'];
  const desired = deployment({ containers: [{ name: 'a', image: 'git' }] });
  expect(leaveFields(desired, deployment({ containers: [{ name: 'a', image: 'live' }] }), [path]).spec).toEqual({
    containers: [{ name: 'a', image: 'live' }],
  });
});

it('a path that leads nowhere changes nothing', () => {
  const desired = deployment({ replicas: 1 });
  expect(leaveFields(desired, deployment({}), [['spec', 'x', 'y']])).toEqual(desired);
  const own: ManagedFields[] = [
    { manager: 'sluice', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:x': { 'f:y': {} } } } },
  ];
  expect(leaveFields(desired, deployment({ x: { y: [1] } }, own), [['spec', 'x', 'y']]).spec).toEqual({
    replicas: 1,
    x: { y: [1] },
  });
});

it.each([{}, { spec: 'x' }, { spec: { scaleTargetRef: {} } }])(
  'an autoscaler of nothing (%j) scales nothing',
  (fields) => {
    const autoscaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'x' },
      ...fields,
    };
    expect(scaledWorkloads([autoscaler])).toEqual(nobody);
  },
);

it('a path through what the live object has not is left out', () => {
  const spec = { template: { spec: { priority: 1 } } };
  const live = deployment({ template: null }, [
    { manager: 'sluice', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': {} } } } },
  ]);
  expect(leaveFields(deployment(spec), live, [['spec', 'template', 'spec']])).toMatchObject({ spec: { template: {} } });
});
