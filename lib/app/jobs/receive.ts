import type { Change } from '../../domain/jobs/change.ts';
import type { Cause, SyncJob } from '../../domain/jobs/job.ts';
import { queueRun, runErrorOf, skippedRun } from '../../domain/jobs/run.ts';
import { runIdOf } from '../../domain/jobs/run-id.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import { deliveryKey, finishDelivery, markDelivery } from '../records/deliveries.ts';
import { createRun } from '../records/runs.ts';
import { want } from '../records/wanted.ts';
import { findPushes, type Push } from './find-pushes.ts';
import type { JobPorts } from './job-ports.ts';
import { suspended } from './not-synced.ts';
import { sendJobs } from './send-jobs.ts';

/** A delivery whose signature was verified. */
export interface Delivery {
  readonly webhookId: string;
  /** Absent where the sender gives none: then every delivery is a new one. */
  readonly deliveryId?: string | undefined;
  /** What raised the runs, for people: the webhook's id, unless that is its secret (senders that sign nothing). */
  readonly by: string;
  readonly changes: readonly Change[];
}

export interface Received {
  /** 202: queued, or was queued before. 204: it concerns no target. */
  readonly status: 202 | 204;
  /** A run for each target that it concerns. */
  readonly runs: readonly string[];
}

/** A push that was given its run. */
interface Accepted extends Push {
  readonly run: string;
  readonly delivery: string;
}

/** `wanted`, the run and the pointer to it, all at once. */
const writesOfPush = 3;

/**
 * Queues a sync for each target that a delivery concerns: wanted, run, job, and at last the mark that makes a duplicate do nothing, so
 * that a duplicate completes what a crash left. Throws a `server` Failure if the queue or the store cannot be reached: the delivery is
 * unmarked and the sender shall try again (503).
 */
export async function receive(delivery: Delivery, ports: JobPorts): Promise<Received> {
  const pushes = findPushes(delivery.changes, ports.targets);
  if (pushes.length === 0) return { status: 204, runs: [] };

  const { store, queue, clock } = ports;
  const now = clock();
  const key = delivery.deliveryId === undefined ? undefined : deliveryKey(delivery.webhookId, delivery.deliveryId);
  const mark = key === undefined ? { at: now, done: false } : await markDelivery(store, key, now);
  const name = key ?? ports.newId();
  const accepted = pushes.map((push): Accepted => {
    const run = runIdOf(mark.at, [name, push.change.ref, push.target.name]);
    return { ...push, run, delivery: name };
  });
  const runs = accepted.map(({ run }) => run);
  if (mark.done) return { status: 202, runs };

  const jobs: SyncJob[] = [];
  await forEachInFlight(accepted, Math.floor(requestsInFlight / writesOfPush), async (push) => {
    const cause = { kind: 'push', by: delivery.by } as const;
    const job = await record(push, cause, mark.at, ports);
    if (job !== undefined) jobs.push(job);
  });
  await sendJobs(queue, jobs);
  if (key !== undefined) await finishDelivery(store, key, mark.at);
  ports.log.info('delivery queued', { webhook: delivery.by, targets: pushes.length, jobs: jobs.length });
  return { status: 202, runs };
}

/** Records the run of a push. Returns its job: none for a suspended target, whose run says so. */
async function record(push: Accepted, cause: Cause, at: number, ports: JobPorts): Promise<SyncJob | undefined> {
  const { store, clock } = ports;
  const { target, run, delivery } = push;
  const { before, after } = push.change;
  const hints = { ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
  const job: SyncJob = { kind: 'sync', target: target.name, run, cause, attempt: 0, ...hints };
  if (target.suspend) {
    await createRun(store, skippedRun(job, at, runErrorOf(suspended(target.name))), at);
    return undefined;
  }
  // Neither needs the other, and the sender waits.
  const now = clock();
  const [wanted] = await Promise.all([
    want(store, target.name, { delivery, ...hints }, now),
    createRun(store, queueRun(job, at), now),
  ]);
  return { ...job, wanted };
}
