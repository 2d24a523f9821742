import { asFailure, Failure, stateOf } from '../../domain/failure.ts';
import {
  emptyInventory,
  formatInventory,
  type Holder,
  type Inventory,
  parseInventory,
  sameMembership,
} from '../../domain/objects/inventory.ts';
import type { KubeObject } from '../../domain/objects/kube-object.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Cluster } from '../ports.ts';
import { configMaps } from './config-maps.ts';

/** The inventory of a target as its parent says it, and the parent itself for the next write. */
export interface ReadInventory {
  readonly inventory: Inventory;
  readonly parent?: KubeObject;
}

export async function readInventory(
  cluster: Cluster,
  target: Pick<Target, 'name' | 'inventory'>,
): Promise<ReadInventory> {
  const { name } = target;
  const { namespace } = target.inventory;
  const parent = await cluster
    .get(configMaps, { name: `sluice-${name}`, namespace }, { full: true })
    .catch((error: unknown) => {
      throw forbidden(error, 'read', `${namespace}/sluice-${name}`);
    });
  if (parent === undefined) return { inventory: emptyInventory(name, namespace) };
  return { inventory: parseInventory(parent, name, namespace), parent };
}

/** What the parent says of where the objects come from. */
export function sourceOf({ source }: Pick<Target, 'source'>): string {
  return `${source.url}#${source.branch}`;
}

export interface Claim {
  readonly inventory: Inventory;
  readonly parent: KubeObject;
}

export interface ClaimRequest {
  readonly read: ReadInventory;
  /** The namespace of the parent that this one replaces. */
  readonly movedFrom: string | undefined;
  /** Kinds and namespaces of the render; the claim is their union with what the parent says. */
  readonly groupKinds: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
  readonly source: string;
  readonly paths: readonly string[];
  readonly holder: Holder;
  /** Another installation that held the inventory within these seconds is refused. */
  readonly exclusiveSeconds: number;
  readonly takeOver: boolean;
}

/**
 * Writes what this run may touch, before it touches anything: whatever happens after, nothing is untracked (APPLY §4).
 * The parent's resourceVersion is the precondition, so that of two runs one claims. Throws `server` if another run was faster.
 */
export async function claim(cluster: Cluster, request: ClaimRequest): Promise<Claim> {
  const { inventory, parent } = request.read;
  const { movedFrom } = request;
  refuseForeignHolder(inventory, request);
  const claimed: Inventory = {
    ...inventory,
    groupKinds: inventory.groupKinds.union(request.groupKinds),
    namespaces: inventory.namespaces.union(request.namespaces),
    source: request.source,
    paths: request.paths,
    holder: request.holder,
    ...(movedFrom === undefined ? {} : { movedFrom }),
  };
  return { inventory: claimed, parent: await write(cluster, claimed, parent) };
}

function refuseForeignHolder(inventory: Inventory, request: ClaimRequest): void {
  const { holder } = inventory;
  if (holder === undefined || holder.installation === request.holder.installation || request.takeOver) return;
  const age = (Date.parse(request.holder.time) - Date.parse(holder.time)) / 1000;
  if (age > request.exclusiveSeconds) return;
  throw new Failure(
    'user',
    `Cannot claim the inventory "${inventory.namespace}/${inventory.name}": the installation "${holder.installation}" of Sluice synced it ${Math.max(0, Math.round(age))} s ago`,
    {
      help: `Two installations may not sync one target. Remove the target from one of them; or, if "${holder.installation}" is no more, run "sluice sync TARGET --take-over" once`,
      code: 'HeldElsewhere',
    },
  );
}

/** Makes the parent exact at the end of a run; no request if the claim was exact. */
export async function settle(
  cluster: Cluster,
  claim: Claim,
  exact: Pick<Inventory, 'groupKinds' | 'namespaces' | 'movedFrom'>,
): Promise<void> {
  const { movedFrom: _, ...inventory } = claim.inventory;
  const settled = { ...inventory, ...exact };
  if (!sameMembership(settled, claim.inventory)) await write(cluster, settled, claim.parent);
}

async function write(cluster: Cluster, inventory: Inventory, parent: KubeObject | undefined): Promise<KubeObject> {
  const object = formatInventory(inventory, parent);
  try {
    return parent === undefined ? await cluster.create(configMaps, object) : await cluster.replace(configMaps, object);
  } catch (error) {
    const { code } = asFailure(error);
    if (code === 'Conflict' || code === 'AlreadyExists') {
      throw new Failure(
        'server',
        `Cannot write the inventory "${inventory.namespace}/${inventory.name}": another run wrote it meanwhile`,
        {
          cause: error,
          code: 'Superseded',
        },
      );
    }
    if (code === 'NotFound') {
      throw new Failure(
        'missing',
        `Cannot write the inventory "${inventory.namespace}/${inventory.name}": there is no namespace "${inventory.namespace}"`,
        {
          cause: error,
          help: 'Create that namespace, or name another one in inventory.namespace of the target; the inventory cannot be in a namespace that it tracks',
        },
      );
    }
    throw forbidden(error, 'write', `${inventory.namespace}/${inventory.name}`);
  }
}

/** Says of which inventory it is that the account may not do something; other errors are what they are. */
function forbidden(error: unknown, done: 'read' | 'write', inventory: string): unknown {
  const failure = asFailure(error);
  if (failure.code !== 'Forbidden') return error;
  const { fault, code, help } = failure;
  const message = `Cannot ${done} the inventory "${inventory}": ${stateOf(failure, '(?:read|create|replace)')}`;
  return new Failure(fault, message, { code, cause: error, ...(help !== undefined && { help }) });
}

/** Removes the parent of an inventory without members: of a deleted target, or of one whose objects were all adopted. */
export async function removeParent(cluster: Cluster, read: ReadInventory): Promise<void> {
  const { uid, resourceVersion } = read.parent?.metadata ?? {};
  if (read.parent === undefined) return;
  await cluster.delete(configMaps, read.parent.metadata, {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  });
}
