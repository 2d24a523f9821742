import { asFailure, type Failure } from '../../domain/failure.ts';
import { type Inventory, inventoryId } from '../../domain/objects/inventory.ts';
import { type GroupKind, groupKindOf, type KubeObject, type ResourceKind } from '../../domain/objects/kube-object.ts';
import { isMember, partOfLabel } from '../../domain/objects/ownership.ts';
import type { Cluster } from '../ports.ts';
import type { NarrowKinds } from '../records/narrow-kinds.ts';
import { configMaps } from './config-maps.ts';

/** What the cluster holds of an inventory. */
export interface Members {
  /** Live objects with our label whose label is ours to count (APPLY §4); whole objects of kinds with a health, else their metadata. */
  readonly objects: readonly KubeObject[];
  /** The claimed kinds as they were listed; a kind that the cluster no longer serves has no members and is absent. */
  readonly kinds: ReadonlyMap<GroupKind, ResourceKind>;
  /** Kinds that could not be listed: nothing is pruned, and they stay claimed. */
  readonly unlisted: ReadonlyMap<GroupKind, Failure>;
}

export interface MembersRequest {
  readonly inventory: Inventory;
  /** Kinds of the render by group and kind: their version is the one to list in. */
  readonly kinds: ReadonlyMap<GroupKind, ResourceKind>;
  /** Inventories whose members this one takes over, or had before it moved: listed too. */
  readonly adopts: readonly Inventory[];
  readonly allowNamespaces: readonly string[];
  /** Absent where nothing is remembered. */
  readonly narrow?: Pick<NarrowKinds, 'has' | 'add'>;
  /** Kinds of which the whole object is needed. */
  readonly needsWhole: (groupKind: GroupKind) => boolean;
}

/**
 * A cluster-wide LIST makes the server read every object of the kind, whoever owns it: of all Secrets of the cluster for the two of a
 * target. Up to this many claimed namespaces are listed one by one, which keeps to two requests a kind (APPLY §6).
 */
const mostListedApart = 2;

/** The claimed kinds by label: in each claimed namespace if these are few or the account may not more, else cluster-wide. */
export async function listMembers(cluster: Cluster, request: MembersRequest): Promise<Members> {
  const sets = [request.inventory, ...request.adopts];
  const claimed = new Set(sets.flatMap((set) => [...set.groupKinds]));
  const namespaces = new Set(sets.flatMap((set) => [...set.namespaces]));
  const ids = sets.map((set) => set.id);
  const labelSelector = ids.length === 1 ? `${partOfLabel}=${ids[0]}` : `${partOfLabel} in (${ids.join(',')})`;
  const kinds = new Map<GroupKind, ResourceKind>();
  const unlisted = new Map<GroupKind, Failure>();

  async function listKind(groupKind: GroupKind): Promise<readonly KubeObject[]> {
    try {
      const kind = request.kinds.get(groupKind) ?? (await findKind(cluster, groupKind));
      return kind === undefined ? [] : await listAs(kind, groupKind);
    } catch (error) {
      if (asFailure(error).code === 'NotServed') return await listAnew(groupKind);
      unlisted.set(groupKind, asFailure(error));
      return [];
    }
  }

  async function listAs(kind: ResourceKind, groupKind: GroupKind): Promise<readonly KubeObject[]> {
    const full = request.needsWhole(groupKind);
    const found = await listClaimed(cluster, kind, namespaces, request, { labelSelector, full });
    kinds.set(groupKind, kind);
    return found.filter((live) => ids.some((id) => isMember(live, id)));
  }

  /** The version of the render, or what was known of the cluster, is not served: the kind may be gone, or be there in another version. */
  async function listAnew(groupKind: GroupKind): Promise<readonly KubeObject[]> {
    try {
      for (const apiVersion of await cluster.versions(groupOfKind(groupKind))) cluster.forget(apiVersion);
      const kind = await findKind(cluster, groupKind);
      return kind === undefined ? [] : await listAs(kind, groupKind);
    } catch (error) {
      unlisted.set(groupKind, asFailure(error));
      return [];
    }
  }
  const objects = (await Promise.all([...claimed].map(listKind))).flat();
  return { objects, kinds, unlisted };
}

async function listClaimed(
  cluster: Cluster,
  kind: ResourceKind,
  namespaces: ReadonlySet<string>,
  { allowNamespaces, narrow }: MembersRequest,
  options: { readonly labelSelector: string; readonly full: boolean },
): Promise<readonly KubeObject[]> {
  if (!kind.namespaced) return await cluster.list(kind, options);
  async function listEach(): Promise<readonly KubeObject[]> {
    return (
      await Promise.all([...namespaces].map((namespace) => cluster.list(kind, { ...options, namespace })))
    ).flat();
  }
  const groupKind = groupKindOf(kind);
  if (allowNamespaces.length > 0 || namespaces.size <= mostListedApart || narrow?.has(groupKind))
    return await listEach();
  try {
    return await cluster.list(kind, options);
  } catch (error) {
    if (asFailure(error).code !== 'Forbidden') throw error;
    const found = await listEach();
    narrow?.add(groupKind);
    return found;
  }
}

/** `apps` of `Deployment.apps`, the empty text of `Service`. */
function groupOfKind(groupKind: GroupKind): string {
  const dot = groupKind.indexOf('.');
  return dot < 0 ? '' : groupKind.slice(dot + 1);
}

/** The kind in the version that its group prefers; undefined if the cluster serves it in none. */
export async function findKind(cluster: Cluster, groupKind: GroupKind): Promise<ResourceKind | undefined> {
  const group = groupOfKind(groupKind);
  const [kind] = groupKind.split('.', 1);
  const versions = group === '' ? ['v1'] : await cluster.versions(group);
  for (const apiVersion of versions) {
    const found = (await cluster.resources(apiVersion))?.find((entry) => entry.kind === kind);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name of the target that an inventory id belongs to: among `targets` by their names, else by its parent in the cluster. */
export async function ownerOf(
  cluster: Cluster,
  id: string,
  targets: readonly { readonly name: string; readonly inventory: { readonly namespace: string } }[],
): Promise<string> {
  const known = targets.find((target) => inventoryId(`sluice-${target.name}`, target.inventory.namespace) === id);
  if (known !== undefined) return `target "${known.name}"`;
  const parent = await findParent(cluster, id).catch(() => undefined);
  if (parent === undefined) return `the inventory ${id}, whose parent is not to be found`;
  const { name, namespace } = parent.metadata;
  return name.startsWith('sluice-')
    ? `target "${name.slice('sluice-'.length)}"`
    : `the ApplySet of "${namespace}/${name}"`;
}

/** The ConfigMap that is the parent of an inventory, wherever it is. */
export async function findParent(cluster: Cluster, id: string): Promise<KubeObject | undefined> {
  const [parent] = await cluster.list(configMaps, { labelSelector: `applyset.kubernetes.io/id=${id}` });
  return parent;
}
