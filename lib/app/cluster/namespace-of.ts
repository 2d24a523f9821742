import type { Target } from '../../domain/settings/settings.ts';
import type { Cluster } from '../ports.ts';

/** Where namespaced objects of a target that name none go; charts ask for it too, so that one of them is never in two namespaces. */
export function namespaceOf({ namespace }: Pick<Target, 'namespace'>, cluster: Pick<Cluster, 'namespace'>): string {
  return namespace ?? cluster.namespace;
}
