import type { Failure } from '../../domain/failure.ts';
import {
  endRun,
  type ObjectResult,
  type RunEnd,
  type RunResult,
  type RunSummary,
  runErrorOf,
} from '../../domain/jobs/run.ts';
import { type Applied, type Begun, endRemoval, fail, succeed, succeedWaiting } from '../../domain/jobs/target-state.ts';
import type { Target } from '../../domain/settings/settings.ts';
import { stepRun } from '../records/runs.ts';
import { stepTargetState } from '../records/target-state.ts';
import type { JobPorts } from './job-ports.ts';

/**
 * The ends of a run. First the target's state, then the run's own record: while the run is not over its message comes again, and
 * whatever was left out is done then; what was done already is not counted twice.
 */

export interface Found {
  readonly result: RunResult;
  readonly objects: readonly ObjectResult[];
  readonly verifiedUpTo?: string | undefined;
}

/** A sync has found everything applied and healthy. Nothing is written if another run has begun since. */
export async function endSucceeded(ports: JobPorts, target: string, applied: Applied, found: Found): Promise<void> {
  const now = ports.clock();
  const counts = await stepTargetState(ports.store, target, (state) =>
    succeed(state, applied, now, found.verifiedUpTo),
  );
  if (!counts) return;
  await stepRun(
    ports.store,
    applied.run,
    now,
    (run) => endRun(run, 'succeeded', now, { result: found.result }),
    found.objects,
  );
}

/** A run has removed the target from its cluster. Nothing is written if another run has begun since. */
export async function endRemoved(ports: JobPorts, target: string, begun: Begun, found: Found): Promise<void> {
  const now = ports.clock();
  if (!(await stepTargetState(ports.store, target, (state) => endRemoval(state, begun, now)))) return;
  const step = (run: RunSummary) => endRun(run, 'succeeded', now, { result: found.result });
  await stepRun(ports.store, begun.run, now, step, found.objects);
}

/** A run that waited has become healthy. */
export async function endHealthy(ports: JobPorts, target: string, run: string): Promise<void> {
  const now = ports.clock();
  await stepTargetState(ports.store, target, (state) => succeedWaiting(state, run, now));
  await stepRun(ports.store, run, now, (found) => endRun(found, 'succeeded', now));
}

export interface Ending {
  readonly run: string;
  readonly failure: Failure;
  /** When the attempt began, epoch milliseconds. */
  readonly since: number;
  readonly found?: Found | undefined;
}

/** For `endFailed` of a deletion: `schedule` would sync the target, and not go on deleting it. */
export function notRetried(target: Target): Target {
  return { ...target, retryInterval: 0 };
}

/** The run has failed; `schedule` tries the target again. */
export async function endFailed(ports: JobPorts, target: Target, ending: Ending): Promise<void> {
  const { run, failure, since, found } = ending;
  const at = ports.clock();
  const error = runErrorOf(failure, { target: target.name, run });
  await stepTargetState(ports.store, target.name, (state) =>
    fail(state, target, { run, error, at, since, verifiedUpTo: found?.verifiedUpTo }),
  );
  const end: RunEnd = { error, ...(found && { result: found.result }) };
  await stepRun(ports.store, run, at, (stored) => endRun(stored, 'failed', at, end), found?.objects);
}

/** Nothing is done for this run; the target's state does not tell of it. */
export async function endWithoutSync(
  ports: JobPorts,
  run: string,
  status: 'failed' | 'skipped',
  end: RunEnd,
): Promise<void> {
  const now = ports.clock();
  await stepRun(ports.store, run, now, (stored) => endRun(stored, status, now, end));
}
