import { describe, expect, it } from 'vitest';
import { healthOf } from '../../../lib/domain/health/health.ts';
import type { HealthStatus } from '../../../lib/domain/health/health-status.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';

type Fields = Record<string, unknown>;
type Row = readonly [name: string, spec: Fields, status: Fields, health: HealthStatus, message: string];

function workload(apiVersion: string, kind: string, spec: Fields, status: Fields): KubeObject {
  return { apiVersion, kind, metadata: { name: 'shop', generation: 2 }, spec, status };
}

function describeRows(apiVersion: string, kind: string, rows: readonly Row[]): void {
  describe(`healthOf a ${kind} of ${apiVersion}`, () => {
    it.each(rows)('%s', (_name, spec, status, health, message) => {
      expect(healthOf(workload(apiVersion, kind, spec, status))).toEqual({
        status: health,
        message: expect.stringContaining(message),
      });
    });
  });
}

const progressed = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: '' };
const available = { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: '' };
const late = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' };
const quota = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' };
const three = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3 };
const rolledOut = { ...three, conditions: [progressed, available] };

describeRows('apps/v1', 'Deployment', [
  ['without a status', { replicas: 3 }, {}, 'InProgress', 'No controller'],
  ['of no replicas without a status', { replicas: 0 }, {}, 'InProgress', 'No controller'],
  [
    'whose change is not observed',
    { replicas: 3 },
    { ...rolledOut, observedGeneration: 1 },
    'InProgress',
    'Generation 2',
  ],
  ['without pods', { replicas: 3 }, { observedGeneration: 2 }, 'InProgress', '0 of 3 pods exist'],
  ['half updated', { replicas: 3 }, { ...three, updatedReplicas: 1 }, 'InProgress', '1 of 3 pods are updated'],
  ['with old pods left', { replicas: 3 }, { ...rolledOut, replicas: 4 }, 'InProgress', 'Pods still to end: 1'],
  ['partly available', { replicas: 3 }, { ...three, availableReplicas: 2 }, 'InProgress', '2 of 3 pods are available'],
  [
    'without the Available condition',
    { replicas: 3 },
    { ...three, conditions: [progressed] },
    'InProgress',
    'Not available',
  ],
  [
    'whose rollout is not called done',
    { replicas: 3 },
    { ...three, conditions: [{ ...progressed, reason: 'ReplicaSetUpdated', message: 'is progressing' }, available] },
    'InProgress',
    'is progressing',
  ],
  ['rolled out', { replicas: 3 }, rolledOut, 'Current', 'Available: 3'],
  [
    'scaled to nothing',
    { replicas: 0 },
    { observedGeneration: 2, conditions: [progressed, available] },
    'Current',
    'Available: 0',
  ],
  ['past its deadline', { replicas: 3 }, { ...three, readyReplicas: 0, conditions: [late] }, 'Failed', 'timed out'],
  [
    'past its deadline for want of quota',
    { replicas: 3 },
    { observedGeneration: 2, conditions: [late, quota] },
    'Failed',
    'exceeded quota',
  ],
  [
    'that a quota holds up',
    { replicas: 3 },
    { observedGeneration: 2, conditions: [quota] },
    'InProgress',
    'exceeded quota',
  ],
  ['paused half way', { replicas: 3, paused: true }, { ...three, updatedReplicas: 1 }, 'Current', 'Paused'],
  [
    'of the default single replica',
    {},
    { ...three, conditions: [progressed, available] },
    'InProgress',
    'Pods still to end: 2',
  ],
]);

describeRows('extensions/v1beta1', 'Deployment', [
  [
    'without a deadline has no Progressing condition',
    { replicas: 3 },
    { ...three, conditions: [available] },
    'Current',
    '',
  ],
]);

describeRows('apps/v1', 'ReplicaSet', [
  ['without a status', { replicas: 1 }, {}, 'InProgress', 'No controller'],
  [
    'that a quota holds up',
    { replicas: 1 },
    { observedGeneration: 2, conditions: [quota] },
    'InProgress',
    'exceeded quota',
  ],
  ['that is available', { replicas: 3 }, { ...three, fullyLabeledReplicas: 3 }, 'Current', 'Available: 3'],
  ['that shrinks', { replicas: 2 }, { ...three, fullyLabeledReplicas: 3 }, 'InProgress', 'Pods still to end: 1'],
]);

const revision = { currentRevision: 'shop-1', updateRevision: 'shop-1' };
const partition = (number: number) => ({
  replicas: 3,
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: number } },
});
const onDelete = { replicas: 3, updateStrategy: { type: 'OnDelete' } };

describeRows('apps/v1', 'StatefulSet', [
  ['of no replicas without a status', { replicas: 0 }, {}, 'InProgress', 'No controller'],
  ['partly ready', { replicas: 3 }, { ...three, ...revision, readyReplicas: 1 }, 'InProgress', '1 of 3 pods are ready'],
  ['that shrinks', { replicas: 2 }, { ...three, ...revision }, 'InProgress', 'Pods still to end: 1'],
  [
    'that updates',
    partition(0),
    { ...three, ...revision, updatedReplicas: 2 },
    'InProgress',
    '2 of 3 pods are updated',
  ],
  [
    'between two revisions',
    partition(0),
    { ...three, ...revision, updateRevision: 'shop-2' },
    'InProgress',
    'revision',
  ],
  ['of one replica by default', {}, { observedGeneration: 2, replicas: 1, readyReplicas: 1 }, 'InProgress', '0 of 1'],
  ['rolled out', partition(0), { ...three, ...revision }, 'Current', 'Ready: 3'],
  ['before its partition', partition(2), { ...three, updatedReplicas: 0 }, 'InProgress', '0 of 1 pods are updated'],
  [
    'at its partition',
    partition(2),
    { ...three, updatedReplicas: 1, updateRevision: 'shop-2' },
    'Current',
    'ordinal 2',
  ],
  ['of a partition beyond its replicas', partition(5), { ...three, updatedReplicas: 0 }, 'Current', ''],
  [
    'that updates on delete',
    onDelete,
    { ...three, updatedReplicas: 0, updateRevision: 'shop-2' },
    'Current',
    'deleted',
  ],
  ['that updates on delete but is not ready', onDelete, { ...three, readyReplicas: 0 }, 'InProgress', '0 of 3'],
]);

const two = {
  observedGeneration: 2,
  desiredNumberScheduled: 2,
  currentNumberScheduled: 2,
  updatedNumberScheduled: 2,
  numberAvailable: 2,
  numberReady: 2,
};
describeRows('apps/v1', 'DaemonSet', [
  ['without a status', {}, {}, 'InProgress', 'No controller'],
  ['without nodes', {}, { observedGeneration: 2, desiredNumberScheduled: 0 }, 'Current', 'Available: 0'],
  ['that starts', {}, { ...two, currentNumberScheduled: 1 }, 'InProgress', '1 of 2 pods are scheduled'],
  ['that updates', {}, { ...two, updatedNumberScheduled: 1 }, 'InProgress', '1 of 2 pods are updated'],
  ['partly available', {}, { ...two, numberAvailable: 0 }, 'InProgress', '0 of 2 pods are available'],
  ['on every node', {}, two, 'Current', 'Available: 2'],
  [
    'that updates on delete',
    { updateStrategy: { type: 'OnDelete' } },
    { ...two, updatedNumberScheduled: 0 },
    'Current',
    '',
  ],
]);
