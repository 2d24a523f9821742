import { asFailure } from '../../domain/failure.ts';
import { isDraft } from '../../domain/objects/draft.ts';
import type { Inventory } from '../../domain/objects/inventory.ts';
import { groupKindOf, type KubeObject, type Manifest, type ResourceKind } from '../../domain/objects/kube-object.ts';
import { partOfLabel } from '../../domain/objects/ownership.ts';
import type { RoleKind } from '../../domain/objects/role.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Cluster } from '../ports.ts';
import { readInventory } from './claim.ts';
import { findKinds } from './find-kinds.ts';
import { findKind } from './members.ts';

/** What the account of a target has to do with. */
export interface RoleKinds {
  /** What it renders and what its inventories claim: that is listed until it is gone, and deleted. */
  readonly kinds: readonly RoleKind[];
  /** The kinds of its CRDs: whether there are objects of them is asked before one is deleted (APPLY §5). */
  readonly instances: readonly RoleKind[];
  /** What could not be found out, a sentence each. */
  readonly warnings: readonly string[];
}

const crdGroupKind = 'CustomResourceDefinition.apiextensions.k8s.io';

export async function roleKinds(
  cluster: Cluster,
  manifests: readonly Manifest[],
  target: Target,
  targets: readonly Target[],
): Promise<RoleKinds> {
  const warnings: string[] = [];
  const kinds = new Map<string, ResourceKind>();
  const rendered = await findKinds(manifests, cluster);
  for (const { object } of manifests) {
    const kind = rendered.kindOf(object);
    if ('plural' in kind) kinds.set(groupKindOf(kind), kind);
    else warnings.push(`${object.kind} is not in the Role: ${kind.state}`);
  }
  const crds = manifests.map(({ object }) => object).filter((object) => groupKindOf(object) === crdGroupKind);
  const adopted = target.adopts.map((name) => targets.find((other) => other.name === name) ?? { ...target, name });
  for (const owner of [target, ...adopted]) {
    const inventory = await readIfAllowed(cluster, owner, warnings);
    for (const groupKind of inventory?.groupKinds ?? []) {
      const kind = kinds.get(groupKind) ?? (await findKind(cluster, groupKind));
      if (kind !== undefined) kinds.set(groupKind, kind);
    }
    const crdKind = inventory?.groupKinds.has(crdGroupKind) ? kinds.get(crdGroupKind) : undefined;
    if (inventory !== undefined && crdKind !== undefined)
      crds.push(...(await listIfAllowed(cluster, crdKind, inventory, warnings)));
  }
  return { kinds: [...kinds.values()], instances: crds.flatMap(kindOfCrd), warnings: [...new Set(warnings)] };
}

async function readIfAllowed(
  cluster: Cluster,
  target: Pick<Target, 'name' | 'inventory'>,
  warnings: string[],
): Promise<Inventory | undefined> {
  try {
    return (await readInventory(cluster, target)).inventory;
  } catch (error) {
    const { code, message } = asFailure(error);
    if (code !== 'Forbidden') throw error;
    warnings.push(`${message}: kinds that "${target.name}" owns but no longer renders may be missing from the Role`);
    return undefined;
  }
}

async function listIfAllowed(
  cluster: Cluster,
  kind: ResourceKind,
  { id }: Inventory,
  warnings: string[],
): Promise<readonly KubeObject[]> {
  try {
    return await cluster.list(kind, { labelSelector: `${partOfLabel}=${id}`, full: true });
  } catch (error) {
    const { code, message } = asFailure(error);
    if (code !== 'Forbidden') throw error;
    warnings.push(`${message}: objects of CRDs that are no longer rendered may be missing from the Role`);
    return [];
  }
}

function kindOfCrd({ spec }: KubeObject): readonly RoleKind[] {
  const { group, names, scope } = isDraft(spec) ? spec : {};
  if (!isDraft(names)) return [];
  const namespaced = scope === 'Namespaced';
  // Rights are of a group, whatever the version.
  return [{ apiVersion: `${group}/v1`, kind: String(names.kind), plural: String(names.plural), namespaced }];
}
