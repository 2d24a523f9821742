import type { ResourceKind } from '../../domain/objects/kube-object.ts';

/** The kind of the parents of inventories: known without asking the cluster. */
export const configMaps: ResourceKind = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  verbs: ['create', 'get', 'list', 'update', 'delete'],
};
