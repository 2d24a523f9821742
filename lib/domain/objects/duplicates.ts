import { Failure } from '../failure.ts';
import { groupKindOf, groupOf, type KubeObject, type Manifest } from './kube-object.ts';

/** Two manifests of one object. */
export interface Duplicate {
  /** `namespace:kind/name`; without the namespace where there is none, or none is known yet. */
  readonly id: string;
  readonly first: Manifest;
  readonly second: Manifest;
}

/** Kinds that the API server shows in two groups, and the group they belong to: an object of the one is there in the other. */
const movedKinds: ReadonlyMap<string, string> = new Map([
  ['DaemonSet.extensions', 'apps'],
  ['Deployment.extensions', 'apps'],
  ['ReplicaSet.extensions', 'apps'],
  ['Ingress.extensions', 'networking.k8s.io'],
  ['NetworkPolicy.extensions', 'networking.k8s.io'],
  ['PodSecurityPolicy.extensions', 'policy'],
  ['Event.events.k8s.io', ''],
]);

/**
 * The first object that two manifests define; undefined if each has one. `namespaceOf` gives the namespace that an object will be applied to, or
 * undefined for cluster scope. Flux v1 leaves the API group out (facts/flux-v1.md §1.4); here only groups that serve the same objects count as one.
 */
export function findDuplicate(
  manifests: readonly Manifest[],
  namespaceOf: (object: KubeObject) => string | undefined,
): Duplicate | undefined {
  const seen = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const { object } = manifest;
    const group = movedKinds.get(groupKindOf(object)) ?? groupOf(object.apiVersion);
    const namespace = namespaceOf(object);
    const key = [group, object.kind, namespace ?? '', object.metadata.name].join('/');
    const first = seen.get(key);
    if (first) {
      const name = `${object.kind.toLowerCase()}/${object.metadata.name}`;
      const id = namespace === undefined ? name : `${namespace}:${name}`;
      return { id, first, second: manifest };
    }
    seen.set(key, manifest);
  }
  return undefined;
}

/** What a run says of a duplicate: the id, and both places. */
export function duplicateFailure({ id, first, second }: Duplicate): Failure {
  return new Failure(
    'user',
    `Cannot apply "${id}": a duplicate, defined in ${placeOf(first)} and in ${placeOf(second)}`,
    {
      help: 'Remove one of the two definitions, or give one another name or namespace',
      code: 'Duplicate',
    },
  );
}

function placeOf({ file, line }: Manifest): string {
  return line === undefined ? `"${file}"` : `"${file}" line ${line}`;
}
