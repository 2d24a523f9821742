import { expect, it } from 'vitest';
import { normalise } from '../../../lib/domain/objects/normalise.ts';

const claim = { spec: { resources: { requests: { storage: 1 }, limits: { storage: 2 } } } };
const textClaim = { spec: { resources: { requests: { storage: '1' }, limits: { storage: '2' } } } };
const divided = (divisor: unknown) => ({ resourceFieldRef: { resource: 'limits.cpu', divisor } });

/** A Deployment whose pod spec is `spec`. */
function pods(spec: object): [string, string, object] {
  return ['apps/v1', 'Deployment', { spec: { template: { spec } } }];
}

/** A HorizontalPodAutoscaler with these metrics. */
function scaler(...metrics: object[]): object {
  return { spec: { metrics } };
}

it.each<[string, [string, string, object], object]>([
  [
    'resources of containers',
    pods({ containers: [{ resources: { limits: { cpu: 1, memory: '1Gi' }, requests: { cpu: 0.5 } } }] }),
    { containers: [{ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '0.5' } } }] },
  ],
  [
    'resources of a pod, and its overhead',
    pods({ resources: { limits: { cpu: 2 } }, overhead: { cpu: 3 } }),
    { resources: { limits: { cpu: '2' } }, overhead: { cpu: '3' } },
  ],
  [
    'volumes',
    pods({
      volumes: [{ emptyDir: { sizeLimit: 1024 } }, { emptyDir: {} }, { ephemeral: { volumeClaimTemplate: claim } }],
    }),
    {
      volumes: [
        { emptyDir: { sizeLimit: '1024' } },
        { emptyDir: {} },
        { ephemeral: { volumeClaimTemplate: textClaim } },
      ],
    },
  ],
  [
    'divisors',
    pods({
      initContainers: [
        {
          env: [
            { name: 'A', valueFrom: divided(1) },
            { name: 'B', value: 'b' },
          ],
        },
      ],
      volumes: [
        { downwardAPI: { items: [divided(1)] } },
        { projected: { sources: [{ secret: {} }, { downwardAPI: { items: [divided(1000)] } }] } },
      ],
    }),
    {
      initContainers: [
        {
          env: [
            { name: 'A', valueFrom: divided('1') },
            { name: 'B', value: 'b' },
          ],
        },
      ],
      volumes: [
        { downwardAPI: { items: [divided('1')] } },
        { projected: { sources: [{ secret: {} }, { downwardAPI: { items: [divided('1000')] } }] } },
      ],
    },
  ],
])('of pods quantities become text: %s', (_, [apiVersion, kind, body], spec) => {
  const { object } = normalise({ apiVersion, kind, metadata: { name: 'a' }, ...body }, true, 'a');
  expect(object.spec).toEqual({ template: { spec } });
});

it.each<[string, string, object, object]>([
  ['v1', 'ResourceQuota', { spec: { hard: { pods: 10 } } }, { spec: { hard: { pods: '10' } } }],
  [
    'v1',
    'LimitRange',
    { spec: { limits: [{ type: 'Container', default: { cpu: 1 }, maxLimitRequestRatio: { cpu: 4 } }] } },
    { spec: { limits: [{ type: 'Container', default: { cpu: '1' }, maxLimitRequestRatio: { cpu: '4' } }] } },
  ],
  ['v1', 'PersistentVolume', { spec: { capacity: { storage: 1 } } }, { spec: { capacity: { storage: '1' } } }],
  ['v1', 'PersistentVolumeClaim', claim, textClaim],
  [
    'apps/v1',
    'StatefulSet',
    { spec: { volumeClaimTemplates: [claim] } },
    { spec: { volumeClaimTemplates: [textClaim] } },
  ],
  ['node.k8s.io/v1', 'RuntimeClass', { overhead: { podFixed: { cpu: 1 } } }, { overhead: { podFixed: { cpu: '1' } } }],
  ['storage.k8s.io/v1', 'CSIStorageCapacity', { capacity: 1 }, { capacity: '1' }],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    scaler(
      { resource: { target: { averageUtilization: 50 } } },
      { pods: { target: { averageValue: 30 } } },
      { object: { target: { value: 1 } } },
      { external: { target: { value: 2, averageValue: 3 } } },
      { containerResource: { container: 'a', target: { averageValue: 4 } } },
    ),
    scaler(
      { resource: { target: { averageUtilization: 50 } } },
      { pods: { target: { averageValue: '30' } } },
      { object: { target: { value: '1' } } },
      { external: { target: { value: '2', averageValue: '3' } } },
      { containerResource: { container: 'a', target: { averageValue: '4' } } },
    ),
  ],
  [
    'autoscaling/v2beta1',
    'HorizontalPodAutoscaler',
    scaler(
      { resource: { targetAverageUtilization: 50 } },
      { pods: { targetAverageValue: 30 } },
      { object: { targetValue: 1, averageValue: 2 } },
      { external: { targetValue: 3, targetAverageValue: 4 } },
    ),
    scaler(
      { resource: { targetAverageUtilization: 50 } },
      { pods: { targetAverageValue: '30' } },
      { object: { targetValue: '1', averageValue: '2' } },
      { external: { targetValue: '3', targetAverageValue: '4' } },
    ),
  ],
  ['example.com/v1', 'ResourceQuota', { spec: { hard: { pods: 10 } } }, { spec: { hard: { pods: 10 } } }],
])('of %s %s quantities are text', (apiVersion, kind, body, expected) => {
  const { object } = normalise({ apiVersion, kind, metadata: { name: 'a' }, ...body }, true, 'a');
  expect(object).toMatchObject(expected);
});
