import { Failure, withHelp } from '../../domain/failure.ts';
import type { ReleaseJob } from '../../domain/jobs/job.ts';
import { releaseGroup } from '../../domain/jobs/release-group.ts';
import { resendDelay } from '../../domain/jobs/retry.ts';
import { endRun, type ObjectResult, queueRun, type RunResult, requeueRun, runErrorOf } from '../../domain/jobs/run.ts';
import { releasedChanges, releasedObjects } from '../../domain/release/target-results.ts';
import { dropEvents, type NotedEvent } from '../records/image-events.ts';
import { stepReleaseState } from '../records/release-state.ts';
import { createRun, readRun, stepRun } from '../records/runs.ts';
import type { ReleaseOutcome } from '../release/release-context.ts';
import type { JobPorts } from './job-ports.ts';
import { sendLater } from './send-jobs.ts';

export interface ReleaseSettling {
  readonly job: ReleaseJob;
  /** What was pushed to registries and is dealt with if all went well. */
  readonly events: readonly NotedEvent[];
  readonly outcome: ReleaseOutcome | Failure;
  /** The worker was told to stop before it was done. */
  readonly stopped: boolean;
}

/** What a run of a release tells. */
interface Told {
  readonly result: RunResult;
  readonly objects: readonly ObjectResult[];
}

/** Records how a release ended, and sends what follows from it. Every part may be repeated. */
export async function settleRelease(settling: ReleaseSettling, ports: JobPorts): Promise<void> {
  const { job, events, outcome } = settling;
  const told = outcome instanceof Failure ? undefined : tell(outcome, job);
  const failure = outcome instanceof Failure ? outcome : outcome.error;
  if (failure !== undefined) return await settleFailure(settling, failure, told, ports);
  if (told !== undefined) await end(job, told, ports);
  const group = releaseGroup(job);
  if (job.spec.type === 'auto' && !(outcome instanceof Failure)) {
    await stepReleaseState(ports.store, group, { run: job.run, proposed: outcome.proposed });
  }
  await dropEvents(ports.store, group, events);
}

function tell({ results, warnings, pushed }: ReleaseOutcome, { spec }: ReleaseJob): Told {
  const changes = releasedChanges(results);
  const objects = releasedObjects(results).filter(({ action }) => spec.type !== 'auto' || action !== 'unchanged');
  return { result: { changes, warnings, pushed }, objects };
}

/** A sweep that found nothing to write, and nothing wrong, leaves no run: there is one every few minutes. */
async function end(job: ReleaseJob, { result, objects }: Told, ports: JobPorts): Promise<void> {
  const { store, clock, log } = ports;
  const isIdle = result.changes.configured + result.changes.failed === 0;
  if (job.cause.kind === 'sweep' && isIdle && (await readRun(store, job.run)) === undefined) return;
  const now = clock();
  await createRun(store, queueRun(job, now), now);
  await stepRun(store, job.run, now, (run) => endRun(run, 'succeeded', now, { result }), objects);
  log.info('release succeeded', { changes: result.changes, commits: result.pushed?.map(({ commit }) => commit) });
}

const correct = 'Correct it; the next event or sweep of its images tries again';
const later = 'The next event or sweep of its images tries again';

/** What lies with the user ends the run; what lies with us, or with a part that did not answer, is tried four times more. */
async function settleFailure(
  { job, stopped }: ReleaseSettling,
  failure: Failure,
  told: Told | undefined,
  ports: JobPorts,
): Promise<void> {
  const { store, queue, clock, log } = ports;
  const isOurs = failure.fault === 'server';
  const delay = !isOurs ? undefined : stopped ? 0 : resendDelay(job.attempt);
  const now = clock();
  await createRun(store, queueRun(job, now), now);
  if (delay !== undefined) {
    const again = stopped ? job : { ...job, attempt: job.attempt + 1 };
    const back = {
      ...(stopped ? {} : { error: runErrorOf(withHelp(failure, `It is tried again after ${delay} s`)) }),
      ...(delay > 0 && { againAt: now + delay * 1000 }),
      ...(told && { result: told.result }),
    };
    await stepRun(store, job.run, now, (run) => requeueRun(run, back), told?.objects);
    await sendLater(queue, { kind: 'resend', job: again }, delay);
    log.warn('release is tried again', { error: failure.message, attempt: job.attempt, delaySeconds: delay });
    return;
  }
  const help = failure.help ?? (isOurs ? later : correct);
  const error = runErrorOf(withHelp(failure, help));
  await stepRun(
    store,
    job.run,
    now,
    (run) => endRun(run, 'failed', now, { error, ...(told && { result: told.result }) }),
    told?.objects,
  );
  if (isOurs) log.error('alarm: release failed by our own fault', { error: failure.message, attempt: job.attempt });
  else log.warn('release failed', { error: failure.message });
}
