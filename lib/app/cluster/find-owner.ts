import type { Manifest } from '../../domain/objects/kube-object.ts';
import { partOfLabel } from '../../domain/objects/ownership.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Cluster } from '../ports.ts';
import { locate } from './locate.ts';
import { lookAt } from './look.ts';
import { findParent } from './members.ts';

/**
 * The target to which the objects of a render belong in the cluster, for a plan of a directory that names none; undefined if they belong to
 * nobody yet, to several, or not to a target.
 */
export async function findOwner(
  cluster: Cluster,
  manifests: readonly Manifest[],
  target: Target,
): Promise<Pick<Target, 'name' | 'inventory'> | undefined> {
  const { desired } = await locate(manifests, target, cluster);
  const { live } = await lookAt(cluster, desired);
  const owners = new Set([...live.values()].flatMap(({ metadata }) => metadata.labels?.[partOfLabel] ?? []));
  const [id] = owners;
  if (id === undefined || owners.size > 1) return undefined;
  const parent = await findParent(cluster, id);
  const { name = '', namespace } = parent?.metadata ?? {};
  if (!name.startsWith('sluice-') || namespace === undefined) return undefined;
  return { name: name.slice('sluice-'.length), inventory: { namespace } };
}
