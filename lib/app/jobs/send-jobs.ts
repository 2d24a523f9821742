import type { CheckJob, SyncJob } from '../../domain/jobs/job.ts';
import type { OutgoingMessage, Queue } from '../ports.ts';

/**
 * Sends jobs whose runs exist, all at once. The run is the deduplication id: it is made of (webhook id, delivery id, ref, target) and the
 * time of arrival, or of a fresh id, and never of the content (DESIGN §3).
 */
export async function sendJobs(queue: Queue, jobs: readonly SyncJob[]): Promise<void> {
  if (jobs.length > 0)
    await queue.send(
      'sync',
      jobs.map((job) => messageOf(job, job.run)),
    );
}

/** Puts a job back into its queue: `deduplicationId` is the same whenever the same sending is repeated. */
export async function sendAgain(queue: Queue, job: SyncJob, deduplicationId: string): Promise<void> {
  await queue.send('sync', [messageOf(job, deduplicationId)]);
}

/** Sends what has to wait. */
export async function sendLater(queue: Queue, job: CheckJob, delaySeconds: number): Promise<void> {
  await queue.send('check', [{ body: job, delaySeconds }]);
}

function messageOf(job: SyncJob, deduplicationId: string): OutgoingMessage {
  return { body: job, group: job.target, deduplicationId };
}
