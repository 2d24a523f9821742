import { CheckJob, type ReleaseJob, type SyncJob } from '../../domain/jobs/job.ts';
import { isOver } from '../../domain/jobs/run.ts';
import { newerRun } from '../../domain/jobs/skip.ts';
import type { Message } from '../ports.ts';
import { readRun } from '../records/runs.ts';
import { readTargetState } from '../records/target-state.ts';
import { checkWaiting, type WorkCheckPorts } from './check-waiting.ts';
import { endWithoutSync } from './end-run.ts';
import { lookAgain } from './find-releases.ts';
import { visibilitySeconds } from './hold.ts';
import { sendAgain } from './send-jobs.ts';

/**
 * Does what a message of the queue `check` asks for, and acknowledges it when what follows is recorded and sent. Throws if the queue or
 * the store cannot be reached: the message comes again, and what was done already is done to the same effect. False if the message is
 * no longer ours.
 *
 * @param stop the process is to end: a look at health is given up and comes again.
 */
export async function workCheck(message: Message, ports: WorkCheckPorts, stop?: AbortSignal): Promise<boolean> {
  const { queue, log } = ports;
  if (!(await queue.extend(message, visibilitySeconds))) return false;
  const job = CheckJob.safeParse(message.body);
  if (!job.success) log.error('malformed message acknowledged', { queue: message.queue, id: message.id });
  else if (job.data.kind === 'health') await checkWaiting(job.data, ports, stop);
  else if (job.data.kind === 'images') await lookAgain(job.data, ports);
  else if (job.data.job.kind === 'release') await resendRelease(job.data.job, message.id, ports);
  else await resend(job.data.job, message.id, ports);
  await queue.acknowledge(message);
  return true;
}

/** The delay of a job has passed: it goes back into its queue, unless its run is over or a newer one has begun. */
async function resend(job: SyncJob, messageId: string, ports: WorkCheckPorts): Promise<void> {
  const { store, queue } = ports;
  const [run, state] = await Promise.all([readRun(store, job.run), readTargetState(store, job.target)]);
  if (run !== undefined && isOver(run)) return;
  const supersededBy = newerRun(job, state);
  if (supersededBy !== undefined) await endWithoutSync(ports, job.run, 'skipped', { supersededBy });
  else await sendAgain(queue, job, `${job.run}/${messageId}`);
}

/** What was to be written may have been written by another run since: its worker finds that out. */
async function resendRelease(job: ReleaseJob, messageId: string, { store, queue }: WorkCheckPorts): Promise<void> {
  const run = await readRun(store, job.run);
  if (run === undefined || !isOver(run)) await sendAgain(queue, job, `${job.run}/${messageId}`);
}
