import type { SyncJob } from '../../domain/jobs/job.ts';
import { queueRun, type Run } from '../../domain/jobs/run.ts';
import { runIdOf } from '../../domain/jobs/run-id.ts';
import { createRun } from '../records/runs.ts';
import type { JobPorts } from './job-ports.ts';
import { sendJobs } from './send-jobs.ts';

/** What someone asks for: `by` is the name of the token. */
export interface HandJob extends Pick<SyncJob, 'target' | 'takeOver' | 'remove'> {
  readonly by: string;
}

/**
 * Queues a job that someone asks for; no other replaces it, and it replaces none. Returns its run, which is recorded already. Throws a
 * `server` Failure if the queue or the store cannot be reached.
 */
export async function queueByHand({ by, ...asked }: HandJob, ports: JobPorts): Promise<Run> {
  const { store, queue, clock } = ports;
  const now = clock();
  const run = runIdOf(now, [ports.newId(), asked.target]);
  const job: SyncJob = { kind: 'sync', ...asked, run, cause: { kind: 'manual', by }, attempt: 0 };
  const queued = queueRun(job, now);
  await createRun(store, queued, now);
  await sendJobs(queue, [job]);
  return { ...queued, objects: [] };
}
