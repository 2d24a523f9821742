import { isBuiltIn } from '../objects/built-in.ts';
import { type GroupKind, groupKindOf, type KubeObject } from '../objects/kube-object.ts';
import { autoscalerHealth } from './health-of-autoscaler.ts';
import { jobHealth, podHealth } from './health-of-pod.ts';
import { daemonSetHealth, deploymentHealth, replicaSetHealth, statefulSetHealth } from './health-of-workload.ts';
import type { Health } from './health-status.ts';
import { conditionsOf, listAt, numberAt, textAt, trueCondition } from './live-field.ts';

type Rule = (object: KubeObject) => Health;

const rules: Readonly<Record<GroupKind, Rule>> = {
  'Deployment.apps': deploymentHealth,
  'Deployment.extensions': deploymentHealth,
  'ReplicaSet.apps': replicaSetHealth,
  'ReplicaSet.extensions': replicaSetHealth,
  'StatefulSet.apps': statefulSetHealth,
  'DaemonSet.apps': daemonSetHealth,
  'DaemonSet.extensions': daemonSetHealth,
  'Job.batch': jobHealth,
  Pod: podHealth,
  PersistentVolumeClaim: claimHealth,
  Service: serviceHealth,
  'Ingress.networking.k8s.io': ingressHealth,
  'Ingress.extensions': ingressHealth,
  'HorizontalPodAutoscaler.autoscaling': autoscalerHealth,
  'PodDisruptionBudget.policy': disruptionBudgetHealth,
  'CustomResourceDefinition.apiextensions.k8s.io': definitionHealth,
  'APIService.apiregistration.k8s.io': apiServiceHealth,
};

/** Whether objects of this kind can have a health: the kinds that a check reads in full. Custom resources may all have conditions. */
export function hasHealth(groupKind: GroupKind): boolean {
  const dot = groupKind.indexOf('.');
  const group = dot < 0 ? '' : groupKind.slice(dot + 1);
  return Object.hasOwn(rules, groupKind) || !isBuiltIn({ apiVersion: `${group}/v1` });
}

/**
 * The health of a live object, from its own fields alone; undefined where these say nothing (a ConfigMap, a custom resource without
 * conditions), which is no reason to wait. Rules are those of kstatus (cli-utils `pkg/kstatus`) and where Argo CD judges otherwise:
 *
 * | kind | kstatus | Argo CD | Sluice |
 * | --- | --- | --- | --- |
 * | paused Deployment | as any other: InProgress for ever | Suspended | Current: it is as git wants it |
 * | workload whose status was never written | Current if it wants no pods | Progressing | as Argo CD |
 * | StatefulSet `OnDelete` | Current at once | ready pods | as Argo CD |
 * | DaemonSet `OnDelete` | as any other | Current at once | available pods; their update is the operator's |
 * | Job | Current once started | complete | as Argo CD, and as Flux v2's kustomize-controller |
 * | suspended Job | Current | Suspended | Current |
 * | Pod that failed or cannot start | Current; crash loops Failed | Degraded | as Argo CD |
 * | Pod that restarts `Never`, `OnFailure` | ready | completed | as Argo CD, like a Job |
 * | unschedulable Pod | Failed after 15 s | Progressing | as Argo CD: autoscaled nodes take minutes |
 * | ReplicaSet with `ReplicaFailure` | InProgress | Degraded | as kstatus: quotas change |
 * | PVC that waits for its consumer | InProgress | Healthy | as Argo CD: the consumer may be a CronJob |
 * | lost PVC | InProgress | Degraded | as Argo CD |
 * | Service `LoadBalancer` | cluster IP | address | as Argo CD |
 * | Ingress | Current | address | as kstatus: controllers need not publish one |
 * | HPA without a scale target | Current | Degraded | as Argo CD |
 * | HPA without metrics | Current | Degraded | as kstatus: new pods have none, and metrics are not git's |
 * | CRD with a non-structural schema | Current | Degraded | as kstatus: v1beta1 allows it |
 * | APIService | Current | available | as Argo CD |
 * | custom resource, `Ready` not True | InProgress | not judged | as kstatus |
 */
export function healthOf(object: KubeObject): Health | undefined {
  if (object.metadata.deletionTimestamp !== undefined) return { status: 'Terminating', message: 'Being deleted' };

  const generation = object.metadata.generation;
  const observed = numberAt(object, 'status.observedGeneration');
  if (generation !== undefined && observed !== undefined && observed < generation) {
    return { status: 'InProgress', message: `Generation ${generation} has not been observed` };
  }

  const conditions = conditionsOf(object);
  const stalled = trueCondition(conditions, 'Stalled');
  if (stalled !== undefined) return { status: 'Failed', message: stalled.message };
  const reconciling = trueCondition(conditions, 'Reconciling');
  if (reconciling !== undefined) return { status: 'InProgress', message: reconciling.message };

  const groupKind = groupKindOf(object);
  if (Object.hasOwn(rules, groupKind)) return rules[groupKind]?.(object);
  if (isBuiltIn(object)) return undefined;

  const ready = conditions.find((condition) => condition.type === 'Ready');
  if (ready === undefined) return undefined;
  return { status: ready.status === 'True' ? 'Current' : 'InProgress', message: ready.message || 'Not ready' };
}

function claimHealth(claim: KubeObject): Health {
  const phase = textAt(claim, 'status.phase');
  if (phase === 'Bound') return { status: 'Current', message: 'Bound' };
  if (phase === 'Lost') return { status: 'Failed', message: 'Its volume is lost' };
  if (phase !== 'Pending') return { status: 'InProgress', message: 'No controller has seen the claim' };
  const { annotations = {} } = claim.metadata;
  // The second has been written beside the first since 1.23.
  const provisioner =
    annotations['volume.beta.kubernetes.io/storage-provisioner'] ??
    annotations['volume.kubernetes.io/storage-provisioner'];
  return provisioner === undefined
    ? { status: 'Current', message: 'Waits for its first consumer' }
    : { status: 'InProgress', message: `Waits for a volume from ${provisioner}` };
}

function serviceHealth(service: KubeObject): Health {
  if (textAt(service, 'spec.type') !== 'LoadBalancer') return { status: 'Current', message: 'Needs no load balancer' };
  return hasAddress(service)
    ? { status: 'Current', message: 'Has a load balancer' }
    : { status: 'InProgress', message: 'Waits for the address of a load balancer' };
}

function ingressHealth(ingress: KubeObject): Health {
  return {
    status: 'Current',
    message: hasAddress(ingress) ? 'Has an address' : 'No controller has published an address',
  };
}

function hasAddress(object: KubeObject): boolean {
  return listAt(object, 'status.loadBalancer.ingress').length > 0;
}

function disruptionBudgetHealth(budget: KubeObject): Health {
  return numberAt(budget, 'status.observedGeneration') === undefined
    ? { status: 'InProgress', message: 'No controller has seen the budget' }
    : { status: 'Current', message: 'Allowed disruptions are known' };
}

function definitionHealth(definition: KubeObject): Health {
  const conditions = conditionsOf(definition);
  const refused = conditions.find(
    ({ type, status, reason }) =>
      status === 'False' && (type === 'NamesAccepted' || (type === 'Established' && reason !== 'Installing')),
  );
  if (refused !== undefined) return { status: 'Failed', message: `${refused.reason}: ${refused.message}` };
  return trueCondition(conditions, 'Established') === undefined
    ? { status: 'InProgress', message: 'Not established' }
    : { status: 'Current', message: 'Established' };
}

function apiServiceHealth(apiService: KubeObject): Health {
  const available = conditionsOf(apiService).find((condition) => condition.type === 'Available');
  if (available?.status === 'True') return { status: 'Current', message: 'Available' };
  return { status: 'InProgress', message: available?.message || 'Availability is not known' };
}
