import { isBuiltIn } from './built-in.ts';

/** facts/flux-v1.md §1.5, except the first and the last: what others need to be served, and what stands between a request and every later object. */
const stages: Readonly<Record<string, number>> = {
  Namespace: 0,
  CustomResourceDefinition: 0,
  ServiceAccount: 1,
  ClusterRole: 1,
  Role: 1,
  PersistentVolume: 1,
  Service: 1,
  ResourceQuota: 2,
  LimitRange: 2,
  Secret: 2,
  ConfigMap: 2,
  RoleBinding: 2,
  ClusterRoleBinding: 2,
  PersistentVolumeClaim: 2,
  Ingress: 2,
  DaemonSet: 3,
  Deployment: 3,
  ReplicationController: 3,
  ReplicaSet: 3,
  Job: 3,
  CronJob: 3,
  StatefulSet: 3,
  ValidatingWebhookConfiguration: 5,
  MutatingWebhookConfiguration: 5,
  APIService: 5,
};

/** The stage of an object: 0 is applied first and waited for, 5 last; deletion goes the other way (APPLY §2). */
export function stageOf(object: { readonly apiVersion: string; readonly kind: string }): number {
  // A custom resource may share a built-in kind's name (a Knative Service); it waits for its controller.
  return isBuiltIn(object) ? (stages[object.kind] ?? 4) : 4;
}
