import { objectKey } from '../../domain/objects/plan.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { HealthOutcome, WaitedObject } from '../outcome.ts';
import type { Clock, Connect, Store } from '../ports.ts';
import { judge } from './conclude.ts';
import { lookAt, type Sought } from './look.ts';
import { withStoredKinds } from './stored-kinds.ts';

export interface CheckHealthPorts {
  readonly connect: Connect;
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * A look at the objects that a run waits for, and at no others: what git no longer has is not waited for, and what has vanished is not
 * `Current`. Changes nothing.
 */
export async function checkHealth(
  target: Target,
  waited: readonly WaitedObject[],
  signal: AbortSignal,
  ports: CheckHealthPorts,
): Promise<HealthOutcome> {
  await using connection = await ports.connect(target.cluster, signal);
  const cluster = withStoredKinds(connection, ports.store, ports.clock);
  const sought: Sought[] = [];
  for (const { object } of waited) {
    const kinds = await cluster.resources(object.apiVersion);
    const kind = kinds?.find((entry) => entry.kind === object.kind);
    if (kind !== undefined) sought.push({ kind, object });
  }
  const { live, unread } = await lookAt(cluster, sought, { full: true });
  for (const failure of unread.values()) throw failure;
  const found = judge([...live.values()]);
  const gone = waited.filter(({ object }) => !live.has(objectKey(object)));
  if (gone.length === 0) return found;
  const message = 'it is no longer in the cluster';
  return {
    ...found,
    health: 'InProgress',
    waitingFor: [...gone.map(({ object }) => ({ object, message })), ...found.waitingFor],
  };
}
