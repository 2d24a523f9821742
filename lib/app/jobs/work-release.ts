import { asFailure, Failure } from '../../domain/failure.ts';
import { ReleaseJob } from '../../domain/jobs/job.ts';
import { releaseGroup } from '../../domain/jobs/release-group.ts';
import { mostDeliveries } from '../../domain/jobs/retry.ts';
import type { Revision } from '../../domain/jobs/revision.ts';
import { isOver, queueRun, runErrorOf, startRun } from '../../domain/jobs/run.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Message } from '../ports.ts';
import { type NotedEvent, readEvents } from '../records/image-events.ts';
import { releaseLease, takeLease } from '../records/leases.ts';
import { readReleaseState } from '../records/release-state.ts';
import { createRun, readRun, stepRun } from '../records/runs.ts';
import type { ReleaseContext, ReleaseOutcome } from '../release/release-context.ts';
import { endWithoutSync } from './end-run.ts';
import { isAutomatedTarget } from './find-releases.ts';
import { type Hold, hold, type Limits, visibilitySeconds } from './hold.ts';
import type { JobPorts } from './job-ports.ts';
import { suspended, unknownTarget } from './not-synced.ts';
import { sendLater } from './send-jobs.ts';
import { settleRelease } from './settle-release.ts';

export interface WorkReleasePorts extends JobPorts {
  /** Names this installation: with the run the holder of leases. */
  readonly installation: string;
  /** The straight line of a release. */
  readonly release: (context: ReleaseContext) => Promise<ReleaseOutcome>;
}

/** Another worker is at this branch, which the queue's groups only allow if one of them was frozen or cut off. */
const busySeconds = 5;

/**
 * Does what a message of the queue `release` asks for, and acknowledges it when everything is recorded (DESIGN §3). Throws if the queue or the
 * store cannot be reached, without having acknowledged: the message comes again. False if the message is no longer ours.
 */
export async function workRelease(message: Message, ports: WorkReleasePorts, limits: Limits = {}): Promise<boolean> {
  if (!(await ports.queue.extend(message, visibilitySeconds))) return false;
  const job = ReleaseJob.safeParse(message.body);
  if (!job.success) ports.log.error('malformed message acknowledged', { queue: message.queue, id: message.id });
  else if (!(await takeUp(job.data, message, ports, limits))) return false;
  await ports.queue.acknowledge(message);
  return true;
}

/** True if the message is dealt with, false if it is no longer ours. */
async function takeUp(job: ReleaseJob, message: Message, ports: WorkReleasePorts, limits: Limits): Promise<boolean> {
  const { store, queue, clock } = ports;
  const run = await readRun(store, job.run);
  if (run !== undefined && isOver(run)) return true;
  const targets = targetsOf(job, ports.targets);
  if (targets instanceof Failure) {
    await endRefused(job, targets, ports);
    return true;
  }
  // The last chance to say so: after this delivery the message is a dead letter.
  if (message.receiveCount >= mostDeliveries) {
    await endRefused(job, workersDied(job), ports);
    ports.log.error('alarm: workers died', { targets: job.targets, run: job.run });
    return true;
  }
  const holder = `${ports.installation}/${job.run}`;
  const leased = releaseLease(job);
  await using lease = await takeLease(store, clock, { target: leased, holder, token: ports.newId() });
  if (lease === undefined) {
    await sendLater(queue, { kind: 'resend', job }, busySeconds);
    return true;
  }
  const group = releaseGroup(job);
  const [events, state] = await Promise.all([
    job.spec.type === 'auto' ? readEvents(store, group) : [],
    readReleaseState(store, group),
  ]);
  if (job.cause.kind === 'image' && events.length === 0) {
    const { run: supersededBy } = state;
    await endWithoutSync(ports, job.run, 'skipped', supersededBy === undefined ? {} : { supersededBy });
    return true;
  }
  using held = hold({ message, lease, work: `release to "${job.branch}" of "${job.url}"`, limits }, ports);
  return await work({ job, targets, events, proposed: state.proposed ?? [] }, held, ports);
}

/** Those that the job is about, or why it is about none. */
function targetsOf(job: ReleaseJob, targets: ReadonlyMap<string, Target>): readonly Target[] | Failure {
  if (job.spec.type === 'auto') {
    const group = releaseGroup(job);
    const own = [...targets.values()].filter(
      (target) => isAutomatedTarget(target) && releaseGroup(target.source) === group,
    );
    return own.length > 0 ? own : nothingAutomated(job);
  }
  const [name = ''] = job.targets;
  const target = targets.get(name);
  if (target === undefined) return unknownTarget(name);
  return target.suspend ? suspended(name) : [target];
}

function nothingAutomated({ url, branch }: ReleaseJob): Failure {
  return new Failure('missing', `Cannot release to "${branch}" of "${url}": no target of it is automated`, {
    help: 'Set automation of a target in sluice.yaml',
  });
}

function workersDied({ run }: ReleaseJob): Failure {
  return new Failure('server', `Cannot finish run "${run}": ${mostDeliveries - 1} workers died at it`, {
    help: 'The next event or sweep of its images tries again; look at the log for what ended them',
  });
}

async function endRefused(job: ReleaseJob, failure: Failure, ports: WorkReleasePorts): Promise<void> {
  await beginRun(job, ports);
  await endWithoutSync(ports, job.run, 'failed', { error: runErrorOf(failure) });
}

/** That of a sweep is not there yet. */
async function beginRun(job: ReleaseJob, { store, clock }: JobPorts): Promise<void> {
  await createRun(store, queueRun(job, clock()), clock());
}

interface Work {
  readonly job: ReleaseJob;
  readonly targets: readonly Target[];
  readonly events: readonly NotedEvent[];
  readonly proposed: readonly string[];
}

async function work({ job, targets, events, proposed }: Work, held: Hold, ports: WorkReleasePorts): Promise<boolean> {
  const { store, clock } = ports;
  const log = ports.log.child({ targets: targets.map(({ name }) => name), run: job.run });

  async function started(revision: Revision): Promise<void> {
    held.assert();
    await beginRun(job, ports);
    const running = await stepRun(store, job.run, clock(), (run) => startRun(run, revision, clock()), []);
    if (running === undefined) {
      throw new Failure('server', `Cannot begin run "${job.run}": it was ended meanwhile`, { code: 'Aborted' });
    }
    log.info('release begins', { revision, cause: job.cause });
  }

  const pushed = job.cause.kind === 'image' ? events : undefined;
  const outcome = await ports
    .release({ job, targets, events: pushed, proposed, signal: held.signal, held: held.assert, log, started })
    .catch(asFailure);
  const ended = held.ended();
  if (ended === 'lost') {
    log.warn('release given up: its lease or its message was lost');
    return false;
  }
  await settleRelease({ job, events, outcome, stopped: ended === 'stopped' }, { ...ports, log });
  return true;
}
