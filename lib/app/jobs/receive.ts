import type { Change } from '../../domain/jobs/change.ts';
import type { Cause, ImageJob, SyncJob } from '../../domain/jobs/job.ts';
import { queueRun, runErrorOf, skippedRun } from '../../domain/jobs/run.ts';
import { runIdOf } from '../../domain/jobs/run-id.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import { deliveryKey, finishDelivery, markDelivery } from '../records/deliveries.ts';
import type { ImageEvent } from '../records/image-events.ts';
import { createRun } from '../records/runs.ts';
import { want } from '../records/wanted.ts';
import { findPushes, type Push } from './find-pushes.ts';
import { findReleases, queueReleases, type ReleaseRequest, releaseRun } from './find-releases.ts';
import type { JobPorts } from './job-ports.ts';
import { suspended } from './not-synced.ts';
import { sendJobs, sendLater } from './send-jobs.ts';

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
  /** 202: queued, or was queued before. 204: it concerns no target, as far as is known. */
  readonly status: 202 | 204;
  /** A run for each target that a push concerns, and for each branch that is to be written to for an image. */
  readonly runs: readonly string[];
}

/** A push that was given its run. */
interface Accepted extends Push {
  readonly run: string;
  readonly delivery: string;
}

/** `wanted`, the run and the pointer to it, all at once. */
const writesOfPush = 3;

/** A sync that is under way may be about to index what nobody was found to use. */
const lookAgainSeconds = 30;

/**
 * Queues a sync for each target that a delivery concerns: wanted, run, job, and at last the mark that makes a duplicate do nothing, so
 * that a duplicate completes what a crash left; and in the same way a release for each branch in which an image is waited for. Throws a
 * `server` Failure if the queue or the store cannot be reached: the delivery is unmarked and the sender shall try again (503).
 */
export async function receive(delivery: Delivery, ports: JobPorts): Promise<Received> {
  const { store, clock } = ports;
  const pushes = findPushes(delivery.changes, ports.targets);
  const { releases, unused } = await findReleases(delivery.changes, ports.targets, store);
  const isNothing = pushes.length === 0 && releases.length === 0;
  if (isNothing && unused.length === 0) return { status: 204, runs: [] };

  const now = clock();
  const key = delivery.deliveryId === undefined ? undefined : deliveryKey(delivery.webhookId, delivery.deliveryId);
  if (isNothing) {
    await lookLater(unused, { delivery: key ?? ports.newId(), by: delivery.by, at: now }, ports);
    return { status: 204, runs: [] };
  }
  const mark = key === undefined ? { at: now, done: false } : await markDelivery(store, key, now);
  const name = key ?? ports.newId();
  const accepted = pushes.map((push): Accepted => {
    const run = runIdOf(mark.at, [name, push.change.ref, push.target.name]);
    return { ...push, run, delivery: name };
  });
  const request = { delivery: name, by: delivery.by, at: mark.at };
  const runs = [...accepted.map(({ run }) => run), ...releases.map((release) => releaseRun(release, request))];
  if (mark.done) return { status: 202, runs };

  const jobs = await queuePushes(accepted, delivery.by, mark.at, ports);
  await queueReleases(releases, request, ports);
  if (unused.length > 0) await lookLater(unused, request, ports);
  if (key !== undefined) await finishDelivery(store, key, mark.at);
  ports.log.info('delivery queued', { webhook: delivery.by, targets: pushes.length, jobs: jobs + releases.length });
  return { status: 202, runs };
}

async function queuePushes(accepted: readonly Accepted[], by: string, at: number, ports: JobPorts): Promise<number> {
  const jobs: SyncJob[] = [];
  await forEachInFlight(accepted, Math.floor(requestsInFlight / writesOfPush), async (push) => {
    const job = await record(push, { kind: 'push', by }, at, ports);
    if (job !== undefined) jobs.push(job);
  });
  await sendJobs(ports.queue, jobs);
  return jobs.length;
}

/** The second look is another delivery to the ids of runs: what was found at once has a run of its own. */
async function lookLater(
  images: readonly ImageEvent[],
  { delivery, by, at }: ReleaseRequest,
  { queue }: JobPorts,
): Promise<void> {
  const job: ImageJob = { kind: 'images', images: [...images], by, delivery: `${delivery}/again`, at };
  await sendLater(queue, job, lookAgainSeconds);
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
