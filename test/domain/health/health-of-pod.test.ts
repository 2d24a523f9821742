import { describe, expect, it } from 'vitest';
import { healthOf } from '../../../lib/domain/health/health.ts';
import type { HealthStatus } from '../../../lib/domain/health/health-status.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';

function job(status: Record<string, unknown>): KubeObject {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate' }, status };
}

function pod(spec: Record<string, unknown>, status: Record<string, unknown>): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shop' }, spec, status };
}

describe('healthOf a Job', () => {
  it.each<[string, Record<string, unknown>, HealthStatus, string]>([
    ['that has not started', {}, 'InProgress', 'Not started'],
    [
      'that runs',
      { startTime: '2024-01-01T00:00:00Z', active: 2, failed: 1 },
      'InProgress',
      '2 active, 0 succeeded, 1 failed',
    ],
    ['that is complete', { conditions: [{ type: 'Complete', status: 'True' }] }, 'Current', 'Complete'],
    [
      'that failed',
      { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'too long' }] },
      'Failed',
      'DeadlineExceeded: too long',
    ],
    ['that was resumed', { conditions: [{ type: 'Suspended', status: 'False' }] }, 'InProgress', 'Not started'],
  ])('%s', (_name, status, health, message) => {
    expect(healthOf(job(status))).toEqual({ status: health, message: expect.stringContaining(message) });
  });
});

describe('healthOf a Pod', () => {
  const waiting = (reason: string) => [{ name: 'web', ready: false, state: { waiting: { reason } } }];
  const ended = { name: 'web', state: { terminated: { exitCode: 3, reason: 'Error' } } };
  it.each<[string, KubeObject, HealthStatus, string]>([
    ['without a phase', pod({}, {}), 'InProgress', 'Pending'],
    [
      'that no node takes',
      pod({}, { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes' }] }),
      'InProgress',
      '0/3 nodes',
    ],
    [
      'whose image is missing',
      pod({}, { phase: 'Pending', containerStatuses: waiting('ErrImagePull') }),
      'Failed',
      'web: ErrImagePull',
    ],
    [
      'that is being created',
      pod({}, { phase: 'Pending', containerStatuses: waiting('ContainerCreating') }),
      'InProgress',
      '',
    ],
    [
      'that is ready',
      pod({}, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }),
      'Current',
      'Ready',
    ],
    [
      'that is not ready',
      pod({}, { phase: 'Running', containerStatuses: [{ name: 'web', ready: false }] }),
      'InProgress',
      'not ready',
    ],
    [
      'that came back up after a crash',
      pod(
        {},
        {
          phase: 'Running',
          containerStatuses: [{ name: 'web', ready: false, lastState: { terminated: { exitCode: 1 } } }],
        },
      ),
      'Failed',
      'exited with 1',
    ],
    [
      'that failed',
      pod({ restartPolicy: 'Never' }, { phase: 'Failed', initContainerStatuses: [ended] }),
      'Failed',
      'exit code 3',
    ],
    [
      'that was evicted',
      pod({}, { phase: 'Failed', reason: 'Evicted', message: 'low on memory' }),
      'Failed',
      'low on memory',
    ],
    ['that failed without a word', pod({}, { phase: 'Failed' }), 'Failed', 'Failed'],
    [
      'that failed with a number',
      pod({}, { phase: 'Failed', containerStatuses: [{}, { state: { terminated: { exitCode: 7 } } }] }),
      'Failed',
      'Container ?: Error, exit code 7',
    ],
    ['on a lost node', pod({}, { phase: 'Unknown' }), 'Unknown', 'Unknown'],
  ])('%s', (_name, object, status, message) => {
    expect(healthOf(object)).toEqual({ status, message: expect.stringContaining(message) });
  });

  it('that ends by itself is Current when it has, unless its owner calls it long-lived', () => {
    const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    const once = pod({ restartPolicy: 'OnFailure' }, running);
    const annotations = { 'argocd.argoproj.io/ignore-restart-policy': 'true' };
    expect(healthOf(once)?.status).toBe('InProgress');
    expect(healthOf({ ...once, metadata: { name: 'shop', annotations } })?.status).toBe('Current');
    expect(healthOf(pod({ restartPolicy: 'OnFailure' }, { phase: 'Succeeded' }))?.status).toBe('Current');
  });
});
