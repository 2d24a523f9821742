import { groupOf } from './kube-object.ts';

/** API groups that the API server itself serves; every other group is of a CRD or an aggregated API. */
const builtInGroups: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'extensions',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]);

export function isBuiltIn(object: { readonly apiVersion: string }): boolean {
  return builtInGroups.has(groupOf(object.apiVersion));
}

/** Where the pod spec is, by kind; of built-in kinds alone. */
const podSpecPaths: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** The path of the pod spec in objects of this kind; undefined if they have none. */
export function podSpecPath(object: {
  readonly apiVersion: string;
  readonly kind: string;
}): readonly string[] | undefined {
  return isBuiltIn(object) ? podSpecPaths[object.kind] : undefined;
}
