import { Failure, withHelp } from '../../domain/failure.ts';
import type { SyncJob } from '../../domain/jobs/job.ts';
import { type Names, nameInHelp } from '../../domain/jobs/name-in-help.ts';
import { healthDelay, resendDelay } from '../../domain/jobs/retry.ts';
import { requeueRun, runErrorOf, waitRun } from '../../domain/jobs/run.ts';
import { type Applied, putBack, skip, wait } from '../../domain/jobs/target-state.ts';
import type { Target } from '../../domain/settings/settings.ts';
import { describeWaited, type Stayed, type Synced, type SyncOutcome } from '../outcome.ts';
import { forgetImages } from '../records/index-images.ts';
import { stepRun } from '../records/runs.ts';
import { stepTargetState } from '../records/target-state.ts';
import { storeWaited } from '../records/waited-objects.ts';
import { endFailed, endRemoved, endSucceeded, endWithoutSync, type Found, notRetried } from './end-run.ts';
import type { JobPorts } from './job-ports.ts';
import { sendLater } from './send-jobs.ts';

export interface Settling {
  readonly job: SyncJob;
  readonly target: Target;
  readonly outcome: SyncOutcome | Failure;
  /** When the attempt began, epoch milliseconds. */
  readonly since: number;
  /** The worker was told to stop before it was done. */
  readonly stopped: boolean;
  /** What the run began with; undefined if it did not come to that. */
  readonly applied: Applied | undefined;
}

/** Records how a sync ended, and sends what follows from it. Every part may be repeated. */
export async function settleSync(settling: Settling, ports: JobPorts): Promise<void> {
  const { outcome, job, target, since, applied } = settling;
  if (outcome instanceof Failure) {
    await settleFailure(settling, outcome, undefined, ports);
  } else if (outcome.kind === 'behind') {
    await goBack({ ...settling, job: { ...job, behindSince: job.behindSince ?? since } }, outcome.afterSeconds, ports);
  } else if (outcome.kind === 'stayed') {
    await endStayed(settling, outcome, ports);
  } else if (outcome.error !== undefined) {
    await settleFailure(settling, outcome.error, foundBy(outcome, job), ports);
  } else if (applied === undefined) {
    throw new TypeError('A sync must call started before it ends');
  } else if (outcome.againAfterSeconds !== undefined) {
    await waitForDeletion(settling, outcome, outcome.againAfterSeconds, ports);
  } else if (job.remove !== undefined) {
    await forgetImages(ports.store, target.name);
    await endRemoved(ports, target.name, applied, foundBy(outcome, job));
    ports.log.info('target deleted', { objects: job.remove, changes: outcome.changes });
  } else if (outcome.health === 'InProgress') {
    await waitForHealth(settling, applied, outcome, ports);
  } else {
    await endSucceeded(ports, target.name, applied, foundBy(outcome, job));
    ports.log.info('sync succeeded', { revision: outcome.revision, changes: outcome.changes });
  }
}

/** What to do next where a Failure does not say it. */
const correct = 'Correct it and push; until then the cluster stays as it is';
const askAgain = 'The next push or sweep tries again; "sluice sync TARGET" does at once';
const deleteAgain = 'Repeat "sluice delete TARGET"; what is gone already stays so';

/** What lies with the user ends the run; what lies with us, or with a part that did not answer, is tried four times more. */
async function settleFailure(
  settling: Settling,
  failure: Failure,
  found: Found | undefined,
  ports: JobPorts,
): Promise<void> {
  const { job, target, since, stopped } = settling;
  const isOurs = failure.fault === 'server';
  if (isOurs && stopped) return goBack(settling, 0, ports);

  const delay = isOurs ? resendDelay(job.attempt) : undefined;
  if (delay !== undefined) {
    ports.log.warn('sync is tried again', { error: failure.message, attempt: job.attempt, delaySeconds: delay });
    const when = `It is tried again after ${delay} s`;
    const told = withHelp(failure, failure.help === undefined ? when : `${failure.help}. ${when}`);
    const again = { ...settling, job: { ...job, attempt: job.attempt + 1 } };
    return goBack(again, delay, ports, { failure: told, found });
  }
  const next = job.remove !== undefined ? deleteAgain : isOurs ? askAgain : correct;
  const told = failure.help === undefined ? withHelp(failure, next) : failure;
  await endFailed(ports, job.remove === undefined ? target : notRetried(target), {
    run: job.run,
    failure: told,
    since,
    found,
  });
  if (isOurs) ports.log.error('alarm: sync failed by our own fault', { error: failure.message, attempt: job.attempt });
  else ports.log.warn('sync failed', { error: failure.message });
}

/** The job goes back through the queue `check`, so that nothing of its group waits for it (DESIGN §3). */
async function goBack(
  { job, target, since }: Settling,
  delaySeconds: number,
  ports: JobPorts,
  { failure, found }: { readonly failure?: Failure; readonly found?: Found | undefined } = {},
): Promise<void> {
  const { run } = job;
  const at = ports.clock();
  const why = {
    ...(failure && { error: runErrorOf(failure, job) }),
    ...(delaySeconds > 0 && { againAt: at + delaySeconds * 1000 }),
  };
  await stepTargetState(ports.store, target.name, (state) => putBack(state, { run, at, since, ...why }));
  const back = { ...why, ...(found && { result: found.result }) };
  await stepRun(ports.store, run, at, (stored) => requeueRun(stored, back), found?.objects);
  await sendLater(ports.queue, { kind: 'resend', job }, delaySeconds);
}

/** Everything is applied; looks at its health are messages, and no worker sleeps. */
async function waitForHealth(settling: Settling, applied: Applied, outcome: Synced, ports: JobPorts): Promise<void> {
  const { store, queue, clock, log } = ports;
  const { name, timeout } = settling.target;
  const found = foundBy(outcome, settling.job);
  const { waitingFor = [] } = outcome;
  const text = describeWaited(waitingFor);
  await storeWaited(store, applied, waitingFor);
  if (!(await stepTargetState(store, name, (state) => wait(state, applied, text, found.verifiedUpTo)))) return;
  await stepRun(store, applied.run, clock(), (run) => waitRun(run, found.result, text), found.objects);
  const delay = healthDelay(0, timeout - (clock() - applied.at) / 1000);
  await sendLater(queue, { kind: 'health', target: name, run: applied.run, attempt: 0 }, delay);
  log.info('sync waits for health', { changes: found.result.changes });
}

/** An object that git wants is still being deleted: the whole line is walked again, until the target's timeout. */
async function waitForDeletion(settling: Settling, outcome: Synced, seconds: number, ports: JobPorts): Promise<void> {
  const { job, target, since } = settling;
  const deletingSince = job.deletingSince ?? since;
  if (ports.clock() - deletingSince < target.timeout * 1000) {
    const again = { ...settling, job: { ...job, deletingSince } };
    return goBack(again, seconds, ports, { found: foundBy(outcome, job) });
  }
  const doing = job.remove === undefined ? 'sync' : 'deletion';
  const message = `Cannot finish the ${doing} of "${target.name}": after ${target.timeout} s objects of it are still being deleted`;
  const help = 'The run names them as skipped: look at their finalizers and at who has to remove these';
  await settleFailure(settling, new Failure('user', message, { help }), foundBy(outcome, job), ports);
}

/** Someone has suspended or pinned the target in its cluster. */
async function endStayed({ job, target }: Settling, { stay }: Stayed, ports: JobPorts): Promise<void> {
  const at = ports.clock();
  await stepTargetState(ports.store, target.name, (state) => skip(state, job.run, at));
  const { how, reason, annotation, parent } = stay;
  const failure = new Failure('user', `Cannot sync "${target.name}": it is ${how} in the cluster: ${reason}`, {
    help: `Remove the annotation ${annotation} from the ConfigMap "${parent}" of its cluster; the next push or sweep then syncs it`,
  });
  await endWithoutSync(ports, job.run, 'skipped', { error: runErrorOf(failure) });
}

function foundBy({ changes, warnings, objects, verifiedUpTo }: Synced, names: Names): Found {
  const named = objects.map((object) => {
    return object.error === undefined ? object : { ...object, error: nameInHelp(object.error, names) };
  });
  return { result: { changes, warnings }, objects: named, verifiedUpTo };
}
