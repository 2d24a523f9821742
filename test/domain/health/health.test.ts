import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hasHealth, healthOf } from '../../../lib/domain/health/health.ts';
import type { HealthStatus } from '../../../lib/domain/health/health-status.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { describeShared } from '../../shared.ts';

function live(apiVersion: string, kind: string, fields: Record<string, unknown> = {}): KubeObject {
  const { metadata, ...rest } = fields;
  return { apiVersion, kind, metadata: { name: 'shop', namespace: 'default', ...(metadata as object) }, ...rest };
}

function condition(type: string, status: string, reason = '', message = ''): Record<string, string> {
  return { type, status, reason, message };
}

function expectHealth(object: KubeObject, status: HealthStatus, message: RegExp | string): void {
  expect(healthOf(object)).toEqual({ status, message: expect.stringMatching(message) });
}

describe('healthOf, what holds for every kind', () => {
  it('is Terminating for whatever has a deletionTimestamp', () => {
    expectHealth(
      live('v1', 'ConfigMap', { metadata: { deletionTimestamp: '2024-01-01T00:00:00Z' } }),
      'Terminating',
      '',
    );
  });

  it('is InProgress until the newest generation is observed, whatever the conditions say', () => {
    const status = { observedGeneration: 1, conditions: [condition('Ready', 'True')] };
    const object = live('acme.io/v1', 'Shop', { metadata: { generation: 2 }, status });
    expectHealth(object, 'InProgress', 'Generation 2');
    expectHealth(live('acme.io/v1', 'Shop', { metadata: { generation: 1 }, status }), 'Current', '');
  });

  const generic: [string, Record<string, string>[], HealthStatus | undefined][] = [
    ['Stalled is Failed', [condition('Stalled', 'True', 'BadChart', 'no such chart')], 'Failed'],
    ['Stalled beside Ready=True is Failed', [condition('Ready', 'True'), condition('Stalled', 'True')], 'Failed'],
    ['Reconciling is InProgress', [condition('Ready', 'True'), condition('Reconciling', 'True')], 'InProgress'],
    ['Stalled=False says nothing', [condition('Stalled', 'False'), condition('Ready', 'True')], 'Current'],
    ['Ready=False is InProgress', [condition('Ready', 'False', 'Pending', 'waits for DNS')], 'InProgress'],
    ['Ready=Unknown is InProgress', [condition('Ready', 'Unknown')], 'InProgress'],
    ['unknown conditions say nothing', [condition('Synced', 'False')], undefined],
  ];
  it.each(generic)('reads the conditions of a custom resource: %s', (_name, conditions, status) => {
    expect(healthOf(live('acme.io/v1', 'Shop', { status: { conditions } }))?.status).toBe(status);
  });

  it.each([
    [undefined],
    ['up'],
    [{ conditions: 'none' }],
    [{ conditions: [null, 3, {}] }],
    [{ observedGeneration: 'x' }],
  ])('takes a status of any shape from a custom resource: %j', (status) => {
    expect(healthOf(live('acme.io/v1', 'Shop', { metadata: { generation: 1 }, status }))).toBeUndefined();
  });

  it('knows no health of kinds without a status', () => {
    for (const kind of ['ConfigMap', 'Secret', 'ServiceAccount', 'Namespace'])
      expect(healthOf(live('v1', kind))).toBeUndefined();
    expect(healthOf(live('batch/v1', 'CronJob'))).toBeUndefined();
  });
});

describe('hasHealth', () => {
  it.each([
    ['Deployment.apps', true],
    ['Deployment.extensions', true],
    ['Service', true],
    ['Pod', true],
    ['Certificate.cert-manager.io', true],
    ['Gateway.gateway.networking.k8s.io', true],
    ['Cluster.cluster.x-k8s.io', true],
    ['ConfigMap', false],
    ['Secret', false],
    ['CronJob.batch', false],
    ['ClusterRole.rbac.authorization.k8s.io', false],
    ['StorageClass.storage.k8s.io', false],
    ['ValidatingWebhookConfiguration.admissionregistration.k8s.io', false],
  ])('of %s is %s', (groupKind, expected) => {
    expect(hasHealth(groupKind)).toBe(expected);
  });
});

describe('healthOf a PersistentVolumeClaim', () => {
  const provisioner = { annotations: { 'volume.kubernetes.io/storage-provisioner': 'ebs.csi.aws.com' } };
  it.each<[string, Record<string, unknown>, HealthStatus, string]>([
    ['Bound', { status: { phase: 'Bound' } }, 'Current', 'Bound'],
    ['Lost', { status: { phase: 'Lost' } }, 'Failed', 'lost'],
    [
      'Pending at a provisioner',
      { metadata: provisioner, status: { phase: 'Pending' } },
      'InProgress',
      'ebs.csi.aws.com',
    ],
    ['Pending until a pod wants it', { status: { phase: 'Pending' } }, 'Current', 'consumer'],
    ['without a phase', {}, 'InProgress', 'No controller'],
  ])('%s', (_name, fields, status, message) => {
    expectHealth(live('v1', 'PersistentVolumeClaim', fields), status, message);
  });
});

describe('healthOf a Service and an Ingress', () => {
  const address = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
  it.each<[string, KubeObject, HealthStatus]>([
    ['ClusterIP', live('v1', 'Service', { spec: { type: 'ClusterIP' }, status: { loadBalancer: {} } }), 'Current'],
    ['ExternalName', live('v1', 'Service', { spec: { type: 'ExternalName' } }), 'Current'],
    ['LoadBalancer', live('v1', 'Service', { spec: { type: 'LoadBalancer' }, status: address }), 'Current'],
    [
      'LoadBalancer without address',
      live('v1', 'Service', { spec: { type: 'LoadBalancer' }, status: {} }),
      'InProgress',
    ],
    ['Ingress', live('networking.k8s.io/v1', 'Ingress', { status: address }), 'Current'],
    ['Ingress without address', live('extensions/v1beta1', 'Ingress', { status: {} }), 'Current'],
  ])('%s', (_name, object, status) => {
    expect(healthOf(object)?.status).toBe(status);
  });
});

describe('healthOf a CustomResourceDefinition, an APIService and a PodDisruptionBudget', () => {
  const definition = (conditions: unknown[]) =>
    live('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { status: { conditions } });
  const accepted = condition('NamesAccepted', 'True', 'NoConflicts');
  it.each<[string, KubeObject, HealthStatus, string]>([
    ['a CRD without conditions', definition([]), 'InProgress', 'Not established'],
    ['an installing CRD', definition([accepted, condition('Established', 'False', 'Installing')]), 'InProgress', ''],
    ['an established CRD', definition([accepted, condition('Established', 'True')]), 'Current', ''],
    [
      'a CRD whose names are taken',
      definition([condition('NamesAccepted', 'False', 'ListKindConflict', '"ShopList" is in use')]),
      'Failed',
      'ListKindConflict: "ShopList" is in use',
    ],
    [
      'an APIService that does not answer',
      live('apiregistration.k8s.io/v1', 'APIService', {
        status: { conditions: [condition('Available', 'False', 'MissingEndpoints', 'no endpoints')] },
      }),
      'InProgress',
      'no endpoints',
    ],
    ['a new APIService', live('apiregistration.k8s.io/v1', 'APIService'), 'InProgress', ''],
    ['a new budget', live('policy/v1', 'PodDisruptionBudget', { metadata: { generation: 1 } }), 'InProgress', ''],
    [
      'an observed budget',
      live('policy/v1beta1', 'PodDisruptionBudget', { status: { observedGeneration: 1 } }),
      'Current',
      '',
    ],
  ])('%s', (_name, object, status, message) => {
    expectHealth(object, status, message);
  });
});

describe('healthOf a HorizontalPodAutoscaler', () => {
  const scaler = (...conditions: unknown[]) =>
    live('autoscaling/v2', 'HorizontalPodAutoscaler', { status: { conditions } });
  const able = condition('AbleToScale', 'True', 'SucceededGetScale');
  it.each<[string, KubeObject, HealthStatus, string]>([
    ['not yet looked at', scaler(), 'InProgress', ''],
    ['able to scale', scaler(able, condition('ScalingActive', 'True', 'ValidMetricFound')), 'Current', ''],
    ['without its target', scaler(condition('AbleToScale', 'False', 'FailedGetScale', 'no shop')), 'Failed', 'no shop'],
    [
      'that may not scale',
      scaler(condition('AbleToScale', 'False', 'FailedUpdateScale', 'denied')),
      'Failed',
      'denied',
    ],
    [
      'that lost a race for its target',
      scaler(condition('AbleToScale', 'False', 'FailedUpdateScale', 'the object has been modified; please apply …')),
      'InProgress',
      '',
    ],
    ['of a bad selector', scaler(able, condition('ScalingActive', 'False', 'InvalidSelector')), 'Failed', ''],
    [
      'without metrics',
      scaler(able, condition('ScalingActive', 'False', 'FailedGetResourceMetric', 'no metrics')),
      'Current',
      'no metrics',
    ],
    ['at its limit', scaler(condition('ScalingLimited', 'True', 'TooFewReplicas')), 'Current', ''],
  ])('%s', (_name, object, status, message) => {
    expectHealth(object, status, message);
  });

  it.each([[undefined], ['[{'], ['{}'], ['[]']])('of v1 is InProgress with the conditions annotation %j', (text) => {
    const annotations = text === undefined ? {} : { 'autoscaling.alpha.kubernetes.io/conditions': text };
    expectHealth(live('autoscaling/v1', 'HorizontalPodAutoscaler', { metadata: { annotations } }), 'InProgress', '');
  });
});

interface HealthCase {
  readonly kind: string;
  readonly name: string;
  readonly input: { readonly document: string };
  readonly expect: { readonly status: string | null };
}

describeShared('healthOf beside Argo CD', (directory) => {
  const cases = (
    JSON.parse(readFileSync(join(directory, 'cases/health_argocd.json'), 'utf8')) as { cases: HealthCase[] }
  ).cases.filter(({ kind }) => kind === 'health');
  /** kstatus has no word for suspended; it calls a suspended Job Current. */
  const inOurWords: Record<string, HealthStatus> = {
    Healthy: 'Current',
    Progressing: 'InProgress',
    Degraded: 'Failed',
    Suspended: 'Current',
  };
  /** Rows where kstatus is followed instead; the reasons are in the table above `healthOf`. */
  const asKstatus: Record<string, HealthStatus> = { 'ingress-unassigned': 'Current' };

  it('has rows', () => expect(cases.length).toBeGreaterThan(20));

  it.each(cases.map((row) => [row.name, row] as const))('%s', (name, row) => {
    const expected = row.expect.status === null ? undefined : (asKstatus[name] ?? inOurWords[row.expect.status]);
    const document: Partial<KubeObject> = parse(row.input.document);
    expect(healthOf({ metadata: { name }, ...document } as KubeObject)?.status).toBe(expected);
  });
});
