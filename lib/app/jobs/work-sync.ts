import { asFailure, Failure } from '../../domain/failure.ts';
import { SyncJob } from '../../domain/jobs/job.ts';
import { mostDeliveries } from '../../domain/jobs/retry.ts';
import { commitOf, type Revision } from '../../domain/jobs/revision.ts';
import { isOver, queueRun, runErrorOf, startRun } from '../../domain/jobs/run.ts';
import { runIdOf } from '../../domain/jobs/run-id.ts';
import { accountedFor, coveringRun, isUnannounced, type Wanted } from '../../domain/jobs/skip.ts';
import { type Begun, beganLast, begin, beginRemoval, type TargetState } from '../../domain/jobs/target-state.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { SyncContext, SyncOutcome } from '../outcome.ts';
import type { Message } from '../ports.ts';
import { takeLease } from '../records/leases.ts';
import { createRun, readRun, stepRun } from '../records/runs.ts';
import { targetDigest } from '../records/target-digest.ts';
import { readTargetState, stepTargetState } from '../records/target-state.ts';
import { readWanted } from '../records/wanted.ts';
import { endFailed, endWithoutSync, notRetried } from './end-run.ts';
import { type Hold, hold, type Limits, visibilitySeconds } from './hold.ts';
import type { JobPorts } from './job-ports.ts';
import { suspended, unknownTarget } from './not-synced.ts';
import { sendLater } from './send-jobs.ts';
import { settleSync } from './settle-sync.ts';

export interface WorkSyncPorts extends JobPorts {
  /** Of Sluice. */
  readonly version: string;
  /** Names this installation: with the run the holder of leases, in the store and in the cluster. */
  readonly installation: string;
  /** The straight line of a sync. */
  readonly sync: (context: SyncContext) => Promise<SyncOutcome>;
}

/** Another worker is at this target, which the queue's groups only allow if one of them was frozen or cut off. */
const busySeconds = 5;

/**
 * Does what a message of the queue `sync` asks for, and acknowledges it when everything is recorded (DESIGN §3). Throws if the queue or
 * the store cannot be reached, without having acknowledged: the message comes again. Whatever it is killed between, the next delivery
 * of the message completes. False if the message is no longer ours: who delivered it may not acknowledge it either.
 */
export async function workSync(message: Message, ports: WorkSyncPorts, limits: Limits = {}): Promise<boolean> {
  if (!(await ports.queue.extend(message, visibilitySeconds))) return false;
  const job = SyncJob.safeParse(message.body);
  if (!job.success) ports.log.error('malformed message acknowledged', { queue: message.queue, id: message.id });
  else if (!(await takeUp(job.data, message, ports, limits))) return false;
  await ports.queue.acknowledge(message);
  return true;
}

/** True if the message is dealt with, false if it is no longer ours. */
async function takeUp(job: SyncJob, message: Message, ports: WorkSyncPorts, limits: Limits): Promise<boolean> {
  const { store, queue, clock } = ports;
  const [run, state] = await Promise.all([readRun(store, job.run), readTargetState(store, job.target)]);
  if (run !== undefined && isOver(run)) return true;
  if (run === undefined) await createRun(store, queueRun(job, clock()), clock());

  const target = ports.targets.get(job.target);
  if (target === undefined) {
    await endWithoutSync(ports, job.run, 'failed', { error: runErrorOf(unknownTarget(job.target)) });
    return true;
  }
  if (target.suspend && job.remove === undefined) {
    await endWithoutSync(ports, job.run, 'skipped', { error: runErrorOf(suspended(target.name)) });
    return true;
  }
  const digest = targetDigest(target, ports.version);
  const supersededBy = coveringRun(job, state, digest);
  if (supersededBy !== undefined) {
    await endWithoutSync(ports, job.run, 'skipped', { supersededBy });
    return true;
  }

  // The last chance to say so: after this delivery the message is a dead letter.
  if (message.receiveCount >= mostDeliveries) {
    await giveUp(job, target, ports);
    return true;
  }

  const holder = `${ports.installation}/${job.run}`;
  await using lease = await takeLease(store, clock, { target: target.name, holder, token: ports.newId() });
  if (lease === undefined) {
    await sendLater(queue, { kind: 'resend', job }, busySeconds);
    return true;
  }
  using held = hold({ message, lease, work: `sync of "${target.name}"`, limits }, ports);
  return await work({ job, target, digest }, held, ports);
}

/** The run says at once that its workers died, and the target is tried again by `schedule`; a dead letter would be found later. */
async function giveUp(job: SyncJob, target: Target, ports: WorkSyncPorts): Promise<void> {
  const failure = new Failure('server', `Cannot finish run "${job.run}": ${mostDeliveries - 1} workers died at it`, {
    help: 'The target is tried again by itself; look at the log for what ended them',
  });
  await endFailed(ports, job.remove === undefined ? target : notRetried(target), {
    run: job.run,
    failure,
    since: ports.clock(),
  });
  ports.log.error('alarm: workers died', { target: target.name, run: job.run, error: failure.message });
}

interface Work {
  readonly job: SyncJob;
  readonly target: Target;
  readonly digest: string;
}

async function work({ job, target, digest }: Work, held: Hold, ports: WorkSyncPorts): Promise<boolean> {
  const { store, clock } = ports;
  const since = clock();
  const log = ports.log.child({ target: target.name, run: job.run });
  // `wanted` before the head: a delivery that arrives between the two is not said to have been seen.
  const [state, wanted] = await Promise.all([readTargetState(store, target.name), readWanted(store, target.name)]);
  const before = (state.waiting ?? state.succeeded ?? (job.remove && state.begun))?.revision;
  let begun: Begun | undefined;

  async function started(revision: Revision, newest = wanted): Promise<void> {
    held.assert();
    begun = begunAt(revision, newest);
    await recordStart(job, begun, state, ports);
    log.info('sync begins', { revision, cause: job.cause });
  }

  function begunAt(revision: Revision, newest: Wanted | undefined): Begun {
    const at = clock();
    // After a deletion no push from before it is to be done any more.
    const seen = job.remove
      ? newest?.at
      : accountedFor(commitOf(revision), job, newest, before && commitOf(before), at);
    const unannounced = isUnannounced(commitOf(revision), job, newest);
    return {
      run: job.run,
      at,
      revision,
      ...(seen !== undefined && { wanted: seen }),
      ...(unannounced && { unannounced }),
    };
  }

  const outcome = await ports
    .sync({
      target,
      job,
      signal: held.signal,
      held: held.assert,
      log,
      applied: before,
      verifiedUpTo: state.verifiedUpTo,
      wanted,
      started,
    })
    .catch(asFailure);
  const ended = held.ended();
  if (ended === 'lost') {
    log.warn('sync given up: its lease or its message was lost');
    if (begun !== undefined && job.remove === undefined) await compareAgain(target.name, begun, ports);
    return false;
  }
  const applied = begun && { ...begun, digest };
  const settling = { job, target, outcome, since: begun?.at ?? since, stopped: ended === 'stopped', applied };
  await settleSync(settling, { ...ports, log });
  return true;
}

/**
 * Requests that were on their way when the lease was lost may land after those of another attempt that has begun since: the target is
 * compared with its cluster once more, when they have.
 */
async function compareAgain(target: string, lost: Begun, ports: WorkSyncPorts): Promise<void> {
  const { store, queue, clock, newId } = ports;
  if (beganLast(await readTargetState(store, target), lost)) return;
  const now = clock();
  const run = runIdOf(now, [newId(), target]);
  const job: SyncJob = { kind: 'sync', target, run, cause: { kind: 'retry', by: 'lost lease' }, attempt: 0 };
  await createRun(store, queueRun(job, now), now);
  await sendLater(queue, { kind: 'resend', job }, busySeconds);
}

/** The run is `running`, whoever waited is done, and the target's state knows both. */
async function recordStart(job: SyncJob, begun: Begun, state: TargetState, ports: WorkSyncPorts): Promise<void> {
  const { store } = ports;
  const running = await stepRun(store, job.run, begun.at, (run) => startRun(run, begun.revision, begun.at), []);
  if (running === undefined) {
    throw new Failure('server', `Cannot begin run "${job.run}": it was ended meanwhile`, { code: 'Aborted' });
  }
  const waiting = state.waiting?.run;
  if (waiting !== undefined && waiting !== job.run) {
    await endWithoutSync(ports, waiting, 'skipped', { supersededBy: job.run });
  }
  const step = job.remove === undefined ? begin : beginRemoval;
  await stepTargetState(store, job.target, (found) => step(found, begun));
}
