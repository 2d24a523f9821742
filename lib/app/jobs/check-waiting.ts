import { asFailure, Failure } from '../../domain/failure.ts';
import type { HealthJob } from '../../domain/jobs/job.ts';
import { healthDelay } from '../../domain/jobs/retry.ts';
import { isWaiting, type RunSummary, runErrorOf, waitOn } from '../../domain/jobs/run.ts';
import { keepWaiting, type TargetState } from '../../domain/jobs/target-state.ts';
import type { Target } from '../../domain/settings/settings.ts';
import { describeWaited, type HealthOutcome, type WaitedObject } from '../outcome.ts';
import { readRun, stepRun } from '../records/runs.ts';
import { readTargetState, stepTargetState } from '../records/target-state.ts';
import { loadWaited } from '../records/waited-objects.ts';
import { endFailed, endHealthy, endWithoutSync } from './end-run.ts';
import type { JobPorts } from './job-ports.ts';
import { unknownTarget } from './not-synced.ts';
import { sendLater } from './send-jobs.ts';

export interface WorkCheckPorts extends JobPorts {
  /** Looks at the objects that a run waits for. Changes nothing. */
  readonly checkHealth: (
    target: Target,
    waited: readonly WaitedObject[],
    signal: AbortSignal,
  ) => Promise<HealthOutcome>;
}

/** Less than the message stays invisible. */
const longestLookMs = 45_000;

/** One look at the health of a run that waits: it ends, or the next look is sent. Nothing happens if it no longer waits. */
export async function checkWaiting(job: HealthJob, ports: WorkCheckPorts, stop?: AbortSignal): Promise<void> {
  const [run, state] = await Promise.all([readRun(ports.store, job.run), readTargetState(ports.store, job.target)]);
  if (run === undefined || !isWaiting(run)) return;
  if (state.waiting?.run !== run.id) return endAsKnown(run, state, ports);
  const target = ports.targets.get(run.target);
  if (target === undefined) {
    return endWithoutSync(ports, run.id, 'failed', { error: runErrorOf(unknownTarget(run.target)) });
  }

  const signal = AbortSignal.any([AbortSignal.timeout(longestLookMs), ...(stop ? [stop] : [])]);
  const outcome = await loadWaited(ports.store, state.waiting)
    .then((waited) => ports.checkHealth(target, waited, signal))
    .catch(asFailure);
  const seconds = (ports.clock() - state.waiting.at) / 1000;
  const failure = failureOf(outcome, target, seconds);
  if (failure !== undefined) {
    await endFailed(ports, target, { run: run.id, failure, since: state.waiting.at });
    ports.log.warn('sync failed', { target: target.name, run: run.id, error: failure.message });
  } else if (!(outcome instanceof Failure) && outcome.health === 'Current') {
    await endHealthy(ports, target.name, run.id);
    ports.log.info('sync succeeded', { target: target.name, run: run.id });
  } else {
    if (!(outcome instanceof Failure)) await tell(run, describeWaited(outcome.waitingFor), ports);
    const attempt = job.attempt + 1;
    await sendLater(ports.queue, { ...job, attempt }, healthDelay(attempt, target.timeout - seconds));
  }
}

/** What is waited for, where status and runs show it. */
async function tell(run: RunSummary, waitingFor: string, { store, clock }: JobPorts): Promise<void> {
  if (waitingFor === run.waitingFor) return;
  await stepTargetState(store, run.target, (state) => keepWaiting(state, run.id, waitingFor));
  await stepRun(store, run.id, clock(), (found) => waitOn(found, waitingFor));
}

/** Why the run, which began `seconds` ago, has failed: an object has, what was asked for is refused, or the time is up. */
function failureOf(outcome: HealthOutcome | Failure, target: Target, seconds: number): Failure | undefined {
  const isLate = seconds >= target.timeout;
  if (outcome instanceof Failure) return isLate || outcome.fault !== 'server' ? outcome : undefined;
  if (outcome.error !== undefined || outcome.health === 'Current' || !isLate) return outcome.error;
  const waitingFor = describeWaited(outcome.waitingFor);
  return new Failure(
    'user',
    `Cannot finish the sync of "${target.name}": after ${Math.round(seconds)} s it waits for ${waitingFor}`,
    { help: 'Look at these objects in the cluster; if they only need longer, raise the timeout of the target' },
  );
}

/** The run was ended, or made needless, by someone who was killed before its record said so. */
async function endAsKnown(run: RunSummary, state: TargetState, ports: JobPorts): Promise<void> {
  if (state.succeeded?.run === run.id) return endHealthy(ports, run.target, run.id);
  if (state.failure?.run === run.id) return endWithoutSync(ports, run.id, 'failed', { error: state.failure.error });
  await endWithoutSync(ports, run.id, 'skipped', state.begun ? { supersededBy: state.begun.run } : {});
}
