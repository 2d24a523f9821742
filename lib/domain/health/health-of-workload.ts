import type { KubeObject } from '../objects/kube-object.ts';
import type { Health } from './health-status.ts';
import { conditionsOf, fieldAt, numberAt, textAt, trueCondition } from './live-field.ts';

/** The health of kinds that keep a number of pods running (the table in health.ts). The newest generation is known to be observed, if any is. */

const unseen: Health = { status: 'InProgress', message: 'No controller has seen it' };

export function deploymentHealth(deployment: KubeObject): Health {
  if (!isObserved(deployment)) return unseen;
  if (fieldAt(deployment, 'spec.paused') === true) return { status: 'Current', message: 'Paused' };

  const conditions = conditionsOf(deployment);
  const progressing = conditions.find((condition) => condition.type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return { status: 'Failed', message: withReason(`Progress deadline exceeded: ${progressing.message}`, deployment) };
  }

  const wanted = wantedPods(deployment);
  const missing = firstMissing(wanted, [
    ['exist', numberAt(deployment, 'status.replicas')],
    ['are updated', numberAt(deployment, 'status.updatedReplicas')],
    ['are available', numberAt(deployment, 'status.availableReplicas')],
    ['are ready', numberAt(deployment, 'status.readyReplicas')],
  ]);
  if (missing !== undefined) return { status: 'InProgress', message: withReason(missing, deployment) };
  const surplus = surplusOf(deployment, wanted);
  if (surplus !== undefined) return surplus;

  // Without a deadline (extensions/v1beta1) the controller writes no such condition.
  if (progressing !== undefined && progressing.reason !== 'NewReplicaSetAvailable') {
    return { status: 'InProgress', message: progressing.message };
  }
  if (trueCondition(conditions, 'Available') === undefined) return { status: 'InProgress', message: 'Not available' };
  return { status: 'Current', message: `Available: ${wanted}` };
}

export function replicaSetHealth(replicaSet: KubeObject): Health {
  if (!isObserved(replicaSet)) return unseen;
  const wanted = wantedPods(replicaSet);
  const missing = firstMissing(wanted, [
    ['are labelled', numberAt(replicaSet, 'status.fullyLabeledReplicas')],
    ['are available', numberAt(replicaSet, 'status.availableReplicas')],
    ['are ready', numberAt(replicaSet, 'status.readyReplicas')],
  ]);
  if (missing !== undefined) return { status: 'InProgress', message: withReason(missing, replicaSet) };
  const surplus = surplusOf(replicaSet, wanted);
  if (surplus !== undefined) return surplus;
  return { status: 'Current', message: `Available: ${wanted}` };
}

export function statefulSetHealth(statefulSet: KubeObject): Health {
  if (!isObserved(statefulSet)) return unseen;
  const wanted = wantedPods(statefulSet);
  const missing = firstMissing(wanted, [
    ['exist', numberAt(statefulSet, 'status.replicas')],
    ['are ready', numberAt(statefulSet, 'status.readyReplicas')],
  ]);
  if (missing !== undefined) return { status: 'InProgress', message: missing };
  const surplus = surplusOf(statefulSet, wanted);
  if (surplus !== undefined) return surplus;

  if (textAt(statefulSet, 'spec.updateStrategy.type') === 'OnDelete') {
    return { status: 'Current', message: `Ready: ${wanted}; pods are updated when they are deleted` };
  }
  // Pods below the partition stay as they are: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#partitions
  const partition = numberAt(statefulSet, 'spec.updateStrategy.rollingUpdate.partition') ?? 0;
  const old = firstMissing(Math.max(wanted - partition, 0), [
    ['are updated', numberAt(statefulSet, 'status.updatedReplicas')],
  ]);
  if (old !== undefined) return { status: 'InProgress', message: old };
  if (partition > 0) return { status: 'Current', message: `Ready: ${wanted}; updated from ordinal ${partition} on` };
  if (textAt(statefulSet, 'status.currentRevision') !== textAt(statefulSet, 'status.updateRevision')) {
    return { status: 'InProgress', message: 'The update is not yet the current revision' };
  }
  return { status: 'Current', message: `Ready: ${wanted}` };
}

export function daemonSetHealth(daemonSet: KubeObject): Health {
  const wanted = numberAt(daemonSet, 'status.desiredNumberScheduled');
  if (!isObserved(daemonSet) || wanted === undefined) return unseen;
  const updated: Count = ['are updated', numberAt(daemonSet, 'status.updatedNumberScheduled')];
  const missing = firstMissing(wanted, [
    ['are scheduled', numberAt(daemonSet, 'status.currentNumberScheduled')],
    ...(textAt(daemonSet, 'spec.updateStrategy.type') === 'OnDelete' ? [] : [updated]),
    ['are available', numberAt(daemonSet, 'status.numberAvailable')],
    ['are ready', numberAt(daemonSet, 'status.numberReady')],
  ]);
  if (missing !== undefined) return { status: 'InProgress', message: missing };
  return { status: 'Current', message: `Available: ${wanted}` };
}

function isObserved(workload: KubeObject): boolean {
  return numberAt(workload, 'status.observedGeneration') !== undefined;
}

function wantedPods(workload: KubeObject): number {
  return numberAt(workload, 'spec.replicas') ?? 1;
}

function surplusOf(workload: KubeObject, wanted: number): Health | undefined {
  const surplus = (numberAt(workload, 'status.replicas') ?? 0) - wanted;
  return surplus > 0 ? { status: 'InProgress', message: `Pods still to end: ${surplus}` } : undefined;
}

/** What pods do (`are ready`), and how many of them. */
type Count = readonly [what: string, pods: number | undefined];

/** `1 of 3 pods are ready` for the first count below `wanted`; a count that is absent is 0. */
function firstMissing(wanted: number, counts: readonly Count[]): string | undefined {
  for (const [what, pods = 0] of counts) {
    if (pods < wanted) return `${pods} of ${wanted} pods ${what}`;
  }
  return undefined;
}

/** Adds why no pod can be created (a quota, an admission webhook), if the controller says so. */
function withReason(message: string, workload: KubeObject): string {
  const failure = trueCondition(conditionsOf(workload), 'ReplicaFailure');
  return failure === undefined ? message : `${message} (${failure.message})`;
}
