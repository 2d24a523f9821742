import type { Inventory } from '../../domain/objects/inventory.ts';
import { type GroupKind, groupKindOf, type KubeObject } from '../../domain/objects/kube-object.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Cluster } from '../ports.ts';
import type { Applied } from './applied.ts';
import { listMembers } from './members.ts';
import type { Prepared } from './prepare.ts';
import type { Pruned } from './prune.ts';

/**
 * The kinds and namespaces that have members at the end of a run. A kind goes only after a LIST of this run showed that it has
 * none left; what could not be listed stays (APPLY §4).
 */
export async function stillMembers(
  cluster: Cluster,
  target: Target,
  prepared: Prepared,
  applied: readonly Applied[],
  pruned: readonly Pruned[],
): Promise<Pick<Inventory, 'groupKinds' | 'namespaces'>> {
  const { inventory } = prepared.read;
  const groupKinds = new Set<GroupKind>();
  const namespaces = new Set<string>();
  function keep(object: KubeObject): void {
    groupKinds.add(groupKindOf(object));
    if (object.metadata.namespace !== undefined) namespaces.add(object.metadata.namespace);
  }

  // An apply that failed may have been carried out all the same.
  for (const { desired } of applied) keep(desired.object);
  for (const { desired, decision } of prepared.planned) if (decision.action !== 'create') keep(desired.object);
  const unlisted = new Set(prepared.members.unlisted.keys());
  if (pruned.some(({ result }) => result.action === 'deleted')) {
    const doubtful = new Set(prepared.removals.map(({ live }) => groupKindOf(live)));
    const left = await listMembers(cluster, {
      inventory: { ...inventory, groupKinds: doubtful },
      kinds: prepared.members.kinds,
      adopts: [],
      allowNamespaces: target.allowNamespaces,
      needsWhole: () => false,
    });
    left.objects.forEach(keep);
    for (const groupKind of left.unlisted.keys()) unlisted.add(groupKind);
  } else for (const { live } of prepared.removals) keep(live);

  return {
    groupKinds: groupKinds.union(unlisted),
    namespaces: unlisted.size > 0 ? namespaces.union(inventory.namespaces) : namespaces,
  };
}
