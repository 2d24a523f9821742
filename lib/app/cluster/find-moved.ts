import { digestOf } from '../../domain/digest.ts';
import { asFailure } from '../../domain/failure.ts';
import { type Inventory, idLabel, parseInventory } from '../../domain/objects/inventory.ts';
import type { KubeObject } from '../../domain/objects/kube-object.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Clock, Cluster, ObjectKey, Store } from '../ports.ts';
import { type ReadInventory, sourceOf } from './claim.ts';
import { configMaps } from './config-maps.ts';

export interface FindMovedPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly installation: string;
  /** Of the settings: their inventories are where they belong. */
  readonly targets: readonly Target[];
}

/** A burst of first syncs shares one look: the server reads every ConfigMap of the cluster for it. */
const rememberedMs = 10_000;
const mostRemembered = 1000;

/**
 * The inventory that a target had before its `inventory.namespace` was changed; undefined if it had none, or if that is not certain: it has to
 * be of the same source and held by this very installation, since another one may have a target of this name in the cluster.
 */
export async function findMoved(
  cluster: Cluster,
  target: Pick<Target, 'name' | 'source'>,
  ports: FindMovedPorts,
): Promise<ReadInventory | undefined> {
  for (const key of await strayParents(cluster, ports)) {
    if (key.name !== `sluice-${target.name}` || key.namespace === undefined) continue;
    const parent = await cluster.get(configMaps, key, { full: true });
    if (parent === undefined) continue;
    const inventory = parseIfOurs(parent, target.name, key.namespace);
    if (inventory?.source === sourceOf(target) && inventory?.holder?.installation === ports.installation)
      return { inventory, parent };
  }
  return undefined;
}

/** Parents of inventories that are not where the settings have one, which are hardly any. */
async function strayParents(
  cluster: Cluster,
  { store, clock, targets }: FindMovedPorts,
): Promise<readonly ObjectKey[]> {
  const places = new Set(targets.map(({ name, inventory }) => `${inventory.namespace}/sluice-${name}`));
  // Settings that change are looked at anew: it is they that make an inventory move.
  const [partition, sort] = [`inventories#${cluster.id}`, digestOf([...places])];
  const known = await store.get(partition, sort);
  const age = clock() - (known?.order ?? 0);
  if (known !== undefined && age >= 0 && age < rememberedMs) return known.body as readonly ObjectKey[];

  const at = clock();
  const parents = await cluster.list(configMaps, { labelSelector: idLabel }).catch((error: unknown) => {
    // An account that is limited to its namespaces has no other to move from.
    if (asFailure(error).code === 'Forbidden') return undefined;
    throw error;
  });
  if (parents === undefined) return [];
  const stray = parents.flatMap(({ metadata: { name, namespace } }) =>
    namespace === undefined || places.has(`${namespace}/${name}`) ? [] : [{ name, namespace }],
  );
  const expiresAt = Math.ceil((at + rememberedMs) / 1000);
  if (stray.length <= mostRemembered) await store.put({ partition, sort, order: at, body: stray, expiresAt });
  return stray;
}

function parseIfOurs(parent: KubeObject, target: string, namespace: string): Inventory | undefined {
  try {
    return parseInventory(parent, target, namespace);
  } catch {
    return undefined;
  }
}
