import { hasHealth } from '../../domain/health/health.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { HealthOutcome } from '../outcome.ts';
import type { Clock, Cluster, Connect, Store } from '../ports.ts';
import { readInventory } from './claim.ts';
import { judge } from './conclude.ts';
import { listMembers } from './members.ts';
import { withStoredKinds } from './stored-kinds.ts';

export interface CheckHealthPorts {
  readonly connect: Connect;
  readonly store: Store;
  readonly clock: Clock;
}

/** A look at the members of a target's inventory that have a health: one LIST per kind. Changes nothing. */
export async function checkHealth(
  target: Target,
  signal: AbortSignal,
  ports: CheckHealthPorts,
): Promise<HealthOutcome> {
  await using connection = await ports.connect(target.cluster, signal);
  const cluster: Cluster = withStoredKinds(connection, ports.store, ports.clock);
  const { inventory } = await readInventory(cluster, target);
  const members = await listMembers(cluster, {
    inventory: { ...inventory, groupKinds: new Set([...inventory.groupKinds].filter(hasHealth)) },
    kinds: new Map(),
    adopts: [],
    allowNamespaces: target.allowNamespaces,
    needsWhole: () => true,
  });
  for (const failure of members.unlisted.values()) throw failure;
  // What is being deleted was pruned, or will be made anew by the sync that waits for it.
  return judge(members.objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined));
}
