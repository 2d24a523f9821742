import { Failure } from '../../domain/failure.ts';
import type { Run } from '../../domain/jobs/run.ts';
import type { JobPorts } from './job-ports.ts';
import { queueByHand } from './queue-by-hand.ts';

export interface DeleteRequest {
  /** Who asks: the name of the token. */
  readonly by: string;
  /** The objects stay in the cluster, and are no longer the target's. */
  readonly orphan: boolean;
}

/**
 * Queues the deletion of a target's objects and inventory, also of a suspended target (APPLY §7). Returns its run, which is recorded
 * already. Throws a `missing` Failure if the settings have no such target, since they alone say where its cluster is; a `server` Failure
 * if the queue or the store cannot be reached.
 */
export async function requestDelete(target: string, { by, orphan }: DeleteRequest, ports: JobPorts): Promise<Run> {
  if (!ports.targets.has(target)) {
    throw new Failure('missing', `Cannot delete "${target.slice(0, 100)}": sluice.yaml has no such target`, {
      help: 'If it was taken out of it, put it back with suspend: true, delete it, and then take it out for good',
    });
  }
  return await queueByHand({ target, by, remove: orphan ? 'orphan' : 'objects' }, ports);
}
