import type { KubeObject } from '../objects/kube-object.ts';
import type { Health } from './health-status.ts';
import { conditionsOf, fieldAt, listAt, numberAt, textAt, trueCondition } from './live-field.ts';

/** The health of what runs once, and of a single pod (the table in health.ts). */

export function jobHealth(job: KubeObject): Health {
  const conditions = conditionsOf(job);
  const failed = trueCondition(conditions, 'Failed');
  if (failed !== undefined) return { status: 'Failed', message: `${failed.reason}: ${failed.message}` };
  if (trueCondition(conditions, 'Complete') !== undefined) return { status: 'Current', message: 'Complete' };
  if (trueCondition(conditions, 'Suspended') !== undefined) return { status: 'Current', message: 'Suspended' };
  if (textAt(job, 'status.startTime') === undefined) return { status: 'InProgress', message: 'Not started' };
  const count = (field: string): number => numberAt(job, `status.${field}`) ?? 0;
  return {
    status: 'InProgress',
    message: `Running: ${count('active')} active, ${count('succeeded')} succeeded, ${count('failed')} failed`,
  };
}

export function podHealth(pod: KubeObject): Health {
  const runsForEver = isLongLived(pod);
  const containers = listAt(pod, 'status.containerStatuses');
  const stuck = runsForEver ? containers.find(cannotStart) : undefined;
  if (stuck !== undefined) {
    return { status: 'Failed', message: `${nameOf(stuck)}: ${textAt(stuck, 'state.waiting.reason')}` };
  }

  const phase = textAt(pod, 'status.phase');
  switch (phase) {
    case 'Succeeded':
      return { status: 'Current', message: 'Completed' };
    case 'Failed':
      return { status: 'Failed', message: failureOf(pod) };
    case 'Running':
      return runningHealth(pod, containers, runsForEver);
    case 'Pending':
    case undefined: {
      const unscheduled = conditionsOf(pod).find(({ type, status }) => type === 'PodScheduled' && status === 'False');
      return { status: 'InProgress', message: unscheduled?.message || 'Pending' };
    }
    default:
      return { status: 'Unknown', message: `Phase ${phase}` };
  }
}

function runningHealth(pod: KubeObject, containers: readonly unknown[], runsForEver: boolean): Health {
  if (!runsForEver) return { status: 'InProgress', message: 'Running; waits for its completion' };
  if (trueCondition(conditionsOf(pod), 'Ready') !== undefined) return { status: 'Current', message: 'Ready' };
  const restarted = containers.find(
    (container) => fieldAt(container, 'lastState.terminated') !== undefined && fieldAt(container, 'ready') !== true,
  );
  if (restarted === undefined) return { status: 'InProgress', message: 'Running but not ready' };
  const exitCode = numberAt(restarted, 'lastState.terminated.exitCode');
  return { status: 'Failed', message: `${nameOf(restarted)}: exited with ${exitCode} and is not ready` };
}

/** False for a pod that is expected to end. Argo CD's annotation says otherwise, but not for a hook. */
function isLongLived(pod: KubeObject): boolean {
  if ((textAt(pod, 'spec.restartPolicy') ?? 'Always') === 'Always') return true;
  const { annotations = {} } = pod.metadata;
  return (
    annotations['argocd.argoproj.io/ignore-restart-policy'] === 'true' &&
    annotations['argocd.argoproj.io/hook'] === undefined
  );
}

/** `ErrImagePull`, `CreateContainerConfigError`, `CrashLoopBackOff`, … */
function cannotStart(container: unknown): boolean {
  return /^Err|Error$|BackOff$/.test(textAt(container, 'state.waiting.reason') ?? '');
}

function failureOf(pod: KubeObject): string {
  const message = textAt(pod, 'status.message');
  if (message) return message;
  const containers = [...listAt(pod, 'status.initContainerStatuses'), ...listAt(pod, 'status.containerStatuses')];
  const culprit = containers.find((container) => (numberAt(container, 'state.terminated.exitCode') ?? 0) !== 0);
  if (culprit === undefined) return textAt(pod, 'status.reason') ?? 'Failed';
  const reason = textAt(culprit, 'state.terminated.reason') ?? 'Error';
  return `${nameOf(culprit)}: ${reason}, exit code ${numberAt(culprit, 'state.terminated.exitCode')}`;
}

function nameOf(container: unknown): string {
  return `Container ${textAt(container, 'name') ?? '?'}`;
}
