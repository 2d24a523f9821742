import type { ObjectKey } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import { groupOf, type ResourceKind } from '../../domain/objects/kube-object.ts';

/** `/api/v1` or `/apis/<group>/<version>`. */
export function rootOf(apiVersion: string): string {
  const root = groupOf(apiVersion) === '' ? '/api' : '/apis';
  return [root, ...apiVersion.split('/').map(segment)].join('/');
}

/** The path of a kind's collection, in one namespace or in all. */
export function collectionOf(kind: ResourceKind, namespace?: string): string {
  const within = kind.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : '';
  return `${rootOf(kind.apiVersion)}${within}/${kind.plural}`;
}

/** The path of one object. Throws an Error for a namespaced kind without a namespace, which is a mistake of the caller. */
export function pathOf(kind: ResourceKind, key: ObjectKey): string {
  if (kind.namespaced && key.namespace === undefined) throw new Error(`${kind.kind} "${key.name}" has no namespace`);
  return `${collectionOf(kind, key.namespace)}/${segment(key.name)}`;
}

/** The object's id for messages: `default:deployment/shop` (facts/flux-v1.md §1.4). */
export function nameOf(kind: ResourceKind, key: ObjectKey): string {
  const namespace = kind.namespaced ? key.namespace : undefined;
  return `${namespace ?? '<cluster>'}:${kind.kind.toLowerCase()}/${key.name}`;
}

/**
 * Names come from git, and the server splits the path after decoding it: `x%2Fstatus` would be another resource. No object can have
 * these names (IsValidPathSegmentName of apimachinery).
 */
function segment(name: string): string {
  if (name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name) && name.isWellFormed())
    return encodeURIComponent(name);
  throw new Failure('user', `Cannot ask the cluster for "${name}": that is no name`, { code: 'Invalid' });
}
