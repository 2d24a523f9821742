import type { Target } from '../settings/settings.ts';
import type { Revision } from './revision.ts';
import type { RunError, RunStatus } from './run.ts';
import type { TargetState } from './target-state.ts';

/** How a target stands, as its last runs saw it (DESIGN §5.2). Times are ISO 8601 in UTC. */
export interface TargetStatus {
  readonly name: string;
  /** Absent of an orphaned target: only the settings know it. */
  readonly source?: { readonly url: string; readonly branch: string; readonly paths: readonly string[] };
  /** It is no longer in the settings, and its objects may be in its cluster: they are left alone (APPLY §7). */
  readonly orphaned?: true;
  /** By the settings: neither pushes nor sweeps sync it. */
  readonly suspended: boolean;
  /** The revision of the last run that succeeded: what the cluster holds; absent too after the target was deleted. */
  readonly applied?: Revision;
  /** The revision of the run that began last; another than `applied` while it is on its way, or if it failed. */
  readonly attempted?: Revision;
  /** The last run that began, went back or ended, other than as `skipped`; absent before the first. */
  readonly lastRun?: LastRun;
  /** Of its objects, in the words of kstatus: `InProgress` while a run waits for them; absent while it is not known. */
  readonly health?: 'Current' | 'InProgress';
  /** When it is synced, or a run that went back is tried, again without an event, at the latest; absent if it is not. */
  readonly nextSweepAt?: string;
}

export interface LastRun {
  readonly id: string;
  readonly status: RunStatus;
  /** When it reached that status. */
  readonly at: string;
  /** Why it failed, or why a run that is queued went back. */
  readonly error?: RunError;
  /** Of a run that waits for its objects: for which, and what they lack. */
  readonly waitingFor?: string;
  /** Failures in a row, this one included. */
  readonly failures?: number;
}

/** What is told of a target, from its settings (no secrets) and what is remembered of it. */
export function describeTarget(target: Target, state: TargetState): TargetStatus {
  const { name, source } = target;
  const nextSweepAt = target.suspend ? undefined : sweepAt(target, state);
  const health = healthOf(state);
  return {
    name,
    source: { url: source.url, branch: source.branch, paths: source.paths },
    suspended: target.suspend,
    ...describeState(state),
    ...(health && { health }),
    ...(nextSweepAt !== undefined && { nextSweepAt: iso(nextSweepAt) }),
  };
}

/** What is told of a target that is no longer in the settings. */
export function describeOrphan(state: TargetState): TargetStatus {
  return { name: state.target, orphaned: true, suspended: false, ...describeState(state) };
}

function describeState(state: TargetState): Pick<TargetStatus, 'applied' | 'attempted' | 'lastRun'> {
  return {
    ...(state.succeeded && { applied: state.succeeded.revision }),
    ...(state.begun && { attempted: state.begun.revision }),
    ...(state.last && { lastRun: describeLast(state.last, state.failure) }),
  };
}

function describeLast(last: NonNullable<TargetState['last']>, failure: TargetState['failure']): LastRun {
  const { error, waitingFor } = last;
  const told = {
    id: last.run,
    status: last.status,
    at: iso(last.at),
    ...(error && { error }),
    ...(waitingFor !== undefined && { waitingFor }),
  };
  if (last.status !== 'failed' || failure?.run !== last.run) return told;
  return { ...told, error: failure.error, failures: failure.count };
}

function healthOf({ last, waiting, succeeded }: TargetState): TargetStatus['health'] {
  if (last?.status === 'succeeded') return succeeded && 'Current';
  return last !== undefined && waiting?.run === last.run ? 'InProgress' : undefined;
}

/** Sweeps are spread over the end of the interval (due.ts): this is the end. */
function sweepAt(target: Target, { last, failure }: TargetState): number | undefined {
  if (last === undefined) return undefined;
  if (last.againAt !== undefined) return last.againAt;
  const times = [failure?.retryAt, target.interval === 0 ? undefined : last.at + target.interval * 1000];
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
