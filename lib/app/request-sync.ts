import type { SyncJob } from '../domain/job.ts';
import { queueRun, type Run } from '../domain/run.ts';
import { runIdOf } from '../domain/run-id.ts';
import type { JobPorts } from './job-ports.ts';
import { suspended, unknownTarget } from './not-synced.ts';
import { createRun } from './runs.ts';
import { sendJobs } from './send-jobs.ts';

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
  const { store, queue, clock } = ports;
  const settings = ports.targets.get(target);
  if (settings === undefined) throw unknownTarget(target);
  if (settings.suspend) throw suspended(target);
  const now = clock();
  const run = runIdOf(now, [ports.newId(), target]);
  const job: SyncJob = {
    kind: 'sync',
    target,
    run,
    cause: { kind: 'manual', by },
    attempt: 0,
    ...(takeOver && { takeOver }),
  };
  const queued = queueRun(job, now);
  await createRun(store, queued, now);
  await sendJobs(queue, [job]);
  return { ...queued, objects: [] };
}
