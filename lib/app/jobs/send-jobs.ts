import type { CheckJob, ReleaseJob, SyncJob } from '../../domain/jobs/job.ts';
import { releaseGroup } from '../../domain/jobs/release-group.ts';
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

/** As `sendJobs`, to the queue of those who write to git: one at a time for each branch. */
export async function sendReleases(queue: Queue, jobs: readonly ReleaseJob[]): Promise<void> {
  if (jobs.length > 0)
    await queue.send(
      'release',
      jobs.map((job) => messageOf(job, job.run)),
    );
}

/** Puts a job back into its queue: `deduplicationId` is the same whenever the same sending is repeated. */
export async function sendAgain(queue: Queue, job: SyncJob | ReleaseJob, deduplicationId: string): Promise<void> {
  await queue.send(job.kind, [messageOf(job, deduplicationId)]);
}

/** Sends what has to wait. */
export async function sendLater(queue: Queue, job: CheckJob, delaySeconds: number): Promise<void> {
  await queue.send('check', [{ body: job, delaySeconds }]);
}

function messageOf(job: SyncJob | ReleaseJob, deduplicationId: string): OutgoingMessage {
  return { body: job, group: job.kind === 'sync' ? job.target : releaseGroup(job), deduplicationId };
}
