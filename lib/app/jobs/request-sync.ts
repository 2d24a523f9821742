import type { Run } from '../../domain/jobs/run.ts';
import type { JobPorts } from './job-ports.ts';
import { suspended, unknownTarget } from './not-synced.ts';
import { queueByHand } from './queue-by-hand.ts';

export interface SyncRequest {
  /** Who asks: the name of the token. */
  readonly by: string;
  /** Claim the inventory although another installation holds it (APPLY §4). */
  readonly takeOver?: boolean;
}

/**
 * Queues a sync that someone asks for: it always compares with the cluster. Returns its run, which is recorded already. Throws a
 * `missing` Failure if there is no such target, a `user` Failure if it is suspended, a `server` Failure if the queue or the store
 * cannot be reached.
 */
export async function requestSync(
  target: string,
  { by, takeOver = false }: SyncRequest,
  ports: JobPorts,
): Promise<Run> {
  const settings = ports.targets.get(target);
  if (settings === undefined) throw unknownTarget(target);
  if (settings.suspend) throw suspended(target);
  return await queueByHand({ target, by, ...(takeOver && { takeOver }) }, ports);
}
