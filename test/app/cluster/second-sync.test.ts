import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeCluster, useNamespace } from '../../parts/api-server.ts';
import { createWorld } from './world.ts';

/** Each rule of normalising (APPLY §1), and kinds that people write every day: a second sync changes nothing. */
describeCluster('a second sync', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const id = randomBytes(3).toString('hex');
  const pod = { containers: [{ name: 'app', image: 'nginx:1' }] };
  function template(spec: object): object {
    return {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' }, creationTimestamp: null }, spec },
    };
  }
  function deployment(name: string, spec: object): Record<string, unknown> {
    return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { replicas: 0, ...template(spec) } };
  }
  const rows: readonly (readonly [string, Record<string, unknown>])[] = [
    [
      'null-valued keys and server metadata',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'nulls',
          creationTimestamp: null,
          generation: 3,
          selfLink: '/x',
          uid: 'u',
          resourceVersion: '1',
          labels: null,
          annotations: { a: null },
        },
        data: { a: 'b', c: null },
        status: { x: 1 },
      },
    ],
    [
      'a namespace on a cluster-scoped kind',
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `second-${id}`, namespace: 'spurious' } },
    ],
    [
      'stringData',
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'plain' },
        data: { b: 'eA==' },
        stringData: { a: 'one', b: 'two', empty: '' },
      },
    ],
    [
      'aggregated rules',
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: `second-${id}` },
        aggregationRule: {
          clusterRoleSelectors: [{ matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }],
        },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
      },
    ],
    [
      'ports without a protocol, one number in TCP and UDP',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'dns' },
        spec: {
          selector: { a: 'b' },
          ports: [
            { name: 't', port: 53 },
            { name: 'u', port: 53, protocol: 'UDP' },
          ],
        },
      },
    ],
    [
      'quantities as numbers',
      deployment('numbers', {
        containers: [
          { name: 'a', image: 'a', resources: { limits: { cpu: 1, memory: 134217728 }, requests: { cpu: 0.5 } } },
        ],
        volumes: [{ name: 'v', emptyDir: { sizeLimit: 1024 } }],
      }),
    ],
    [
      'divisors as numbers',
      deployment('divisors', {
        containers: [
          {
            ...{ name: 'a', image: 'a' },
            env: [{ name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: 1 } } }],
          },
        ],
        volumes: [
          {
            name: 'v',
            downwardAPI: {
              items: [
                {
                  path: 'memory',
                  resourceFieldRef: { containerName: 'a', resource: 'limits.memory', divisor: 1 },
                },
              ],
            },
          },
        ],
      }),
    ],
    [
      'quantities in another form',
      deployment('forms', {
        containers: [{ name: 'a', image: 'a', resources: { limits: { cpu: '1000m', memory: '1024Mi' } } }],
      }),
    ],
    [
      'repeated env and ports',
      deployment('repeated', {
        containers: [
          {
            name: 'a',
            image: 'a',
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
            ],
            ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP', name: 'web' }],
          },
        ],
      }),
    ],
    [
      'probes, volumes, init containers',
      deployment('full', {
        initContainers: [{ name: 'i', image: 'i', volumeMounts: [{ name: 'c', mountPath: '/c' }] }],
        containers: [
          {
            name: 'a',
            image: 'a',
            ports: [{ containerPort: 80 }],
            livenessProbe: { httpGet: { path: '/', port: 80 } },
            envFrom: [{ configMapRef: { name: 'x' } }],
          },
        ],
        volumes: [{ name: 'c', configMap: { name: 'x' } }],
        nodeSelector: null,
      }),
    ],
    [
      'a StatefulSet with claims',
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'set' },
        spec: {
          replicas: 0,
          serviceName: 'set',
          ...template(pod),
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      },
    ],
    [
      'a DaemonSet',
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'daemon' },
        spec: template({ ...pod, nodeSelector: { no: 'node' } }),
      },
    ],
    [
      'a Job',
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'job' },
        spec: { template: { spec: { ...pod, restartPolicy: 'Never' } } },
      },
    ],
    [
      'a CronJob',
      {
        apiVersion: 'batch/v1beta1',
        kind: 'CronJob',
        metadata: { name: 'cron' },
        spec: {
          schedule: '0 0 1 1 *',
          jobTemplate: { spec: { template: { spec: { ...pod, restartPolicy: 'Never' } } } },
        },
      },
    ],
    [
      'an Ingress',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'in' },
        spec: {
          rules: [
            {
              host: 'a.example',
              http: {
                paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'x', port: { number: 80 } } } }],
              },
            },
          ],
        },
      },
    ],
    [
      'a claim with a number',
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'claim' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: 1073741824 } } },
      },
    ],
    [
      'a quota and limits',
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'quota' },
        spec: { hard: { pods: 100, 'requests.cpu': '10' } },
      },
    ],
    [
      'a LimitRange',
      {
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: { name: 'limits' },
        spec: { limits: [{ type: 'Container', max: { cpu: 8 } }] },
      },
    ],
    [
      'a ServiceAccount, to which a controller adds',
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'account' },
        imagePullSecrets: [{ name: 'a' }, { name: 'a' }],
      },
    ],
    [
      'a RoleBinding',
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'binding' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', name: 'account', namespace }],
      },
    ],
    [
      'an autoscaler',
      {
        apiVersion: 'autoscaling/v2beta2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'scaler' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'full' },
          minReplicas: 1,
          maxReplicas: 3,
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
          ],
        },
      },
    ],
    [
      'an autoscaler by numbers',
      {
        apiVersion: 'autoscaling/v2beta2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'numbers' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'full' },
          minReplicas: 1,
          maxReplicas: 3,
          metrics: [
            { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: 30 } } },
            { type: 'External', external: { metric: { name: 'q' }, target: { type: 'Value', value: 2000 } } },
          ],
        },
      },
    ],
    [
      'a NetworkPolicy',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'policy' },
        spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] },
      },
    ],
    [
      'a disruption budget',
      {
        apiVersion: 'policy/v1beta1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'budget' },
        spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } },
      },
    ],
  ];

  it.each(rows)('changes nothing: %s', async (name, object) => {
    const world = createWorld(kubeconfig, `second-${randomBytes(4).toString('hex')}`, { namespace });
    const text = JSON.stringify(object);
    const first = await world.bring(text);
    expect(first.objects, name).toEqual([expect.objectContaining({ action: 'created' })]);
    // Controllers have their say in between.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await world.bring(text)).toMatchObject({ changes: { unchanged: 1, configured: 0, failed: 0 }, objects: [] });
  });
});
