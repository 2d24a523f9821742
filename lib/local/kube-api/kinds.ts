import { groupOf, type ResourceKind } from '../../domain/objects/kube-object.ts';

export const namespaces = kind('v1', 'Namespace', 'namespaces', false);

/** What is served. Pods and claims are there to be listed: nothing runs. */
export const kinds: readonly ResourceKind[] = [
  namespaces,
  kind('v1', 'ConfigMap', 'configmaps'),
  kind('v1', 'Secret', 'secrets'),
  kind('v1', 'Service', 'services'),
  kind('v1', 'ServiceAccount', 'serviceaccounts'),
  kind('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  kind('v1', 'Pod', 'pods'),
  kind('apps/v1', 'Deployment', 'deployments'),
  kind('batch/v1', 'CronJob', 'cronjobs'),
  kind('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  kind('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
];

function kind(apiVersion: string, name: string, plural: string, namespaced = true): ResourceKind {
  return { apiVersion, kind: name, plural, namespaced, verbs: ['create', 'delete', 'get', 'list', 'patch', 'update'] };
}

/** The discovery document at `path`; undefined if there is none. */
export function discover(path: string): object | undefined {
  const served = kinds.filter(({ apiVersion }) => path === (apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`));
  if (served.length > 0) {
    const resources = served.map(({ plural, ...entry }) => ({ ...entry, name: plural, singularName: '' }));
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: served[0]?.apiVersion, resources };
  }
  const groupVersion = kinds.find(({ apiVersion }) => path === `/apis/${groupOf(apiVersion)}`)?.apiVersion;
  if (groupVersion === undefined) return undefined;
  const name = groupOf(groupVersion);
  const version = { groupVersion, version: groupVersion.slice(name.length + 1) };
  return { kind: 'APIGroup', apiVersion: 'v1', name, versions: [version], preferredVersion: version };
}
