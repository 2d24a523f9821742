import type { Target } from '../settings/settings.ts';
import { retrySeconds } from './retry.ts';
import type { Revision } from './revision.ts';
import type { RunError, RunStatus } from './run.ts';

/** What is remembered of a target from run to run. Times are epoch milliseconds. */
export interface TargetState {
  readonly target: string;
  /** The run that began last, and the place in the order of deliveries that its head accounts for. */
  readonly begun?: Begun;
  /** The run that has applied everything and waits for health; always the one that began last. */
  readonly waiting?: Applied;
  /** The last run that succeeded: what the cluster holds. */
  readonly succeeded?: Applied;
  /** Failures in a row since a run succeeded. */
  readonly failure?: FailedRun;
  /** The last run that began, went back or ended; not those that were skipped before they began. */
  readonly last?: LastRun;
  /** The commit up to which history has been verified. */
  readonly verifiedUpTo?: string;
}

export interface Begun {
  readonly run: string;
  readonly at: number;
  readonly revision: Revision;
  /** `at` of the newest `Wanted` that this revision is or follows. */
  readonly wanted?: number;
  /** The head is another than the newest push announced: newer, taken back, or that of a replica which is several pushes behind. */
  readonly unannounced?: true;
}

/** A run that has applied everything. */
export interface Applied extends Begun {
  /** Of the settings and the version with which it was applied (target-digest.ts). */
  readonly digest: string;
}

export interface LastRun {
  readonly run: string;
  readonly status: RunStatus;
  readonly at: number;
  /** Of a run that went back: why, and when it is tried again. */
  readonly error?: RunError;
  readonly againAt?: number;
  /** Of a run that waits for health: for what. */
  readonly waitingFor?: string;
}

export interface FailedRun {
  readonly run: string;
  readonly error: RunError;
  readonly count: number;
  /** When `schedule` tries again; absent = not before the next sweep. */
  readonly retryAt?: number;
}

/** A run begins: whoever waited does so no more. */
export function begin(state: TargetState, begun: Begun): TargetState {
  const { waiting: _, ...kept } = state;
  return { ...kept, begun, last: { run: begun.run, status: 'running', at: begun.at } };
}

/** A run begins to take back what was applied: from now on nothing counts as applied, and a push is not said to be covered (skip.ts). */
export function beginRemoval(state: TargetState, begun: Begun): TargetState {
  const { succeeded: _, ...kept } = state;
  return begin(kept, begun);
}

/** Nothing of the target is in its cluster any more. */
export function endRemoval(state: TargetState, begun: Begun, at: number): TargetState | undefined {
  if (!beganLast(state, begun)) return undefined;
  const { failure: _, ...kept } = state;
  return { ...kept, last: { run: begun.run, status: 'succeeded', at } };
}

/** Whether something of the target may be in its cluster: a run has begun, and none has removed it since. */
export function mayHaveObjects({ begun, last, succeeded }: TargetState): boolean {
  return begun !== undefined && (last?.status !== 'succeeded' || succeeded !== undefined);
}

/**
 * Everything is applied and some health is not there yet. Undefined, as from the steps below, if another attempt has begun since, of
 * this run or a newer one: a worker that was frozen meanwhile has nothing to say any more.
 */
export function wait(
  state: TargetState,
  applied: Applied,
  waitingFor: string,
  verifiedUpTo?: string | undefined,
): TargetState | undefined {
  if (!beganLast(state, applied)) return undefined;
  const waiting = { ...state, waiting: applied, ...(verifiedUpTo !== undefined && { verifiedUpTo }) };
  return keepWaiting(waiting, applied.run, waitingFor) ?? waiting;
}

/** A look has found what the run still waits for. Undefined if it is not the last run any more. */
export function keepWaiting(state: TargetState, run: string, waitingFor: string): TargetState | undefined {
  if (state.waiting?.run !== run || state.last?.run !== run) return undefined;
  return { ...state, last: { ...state.last, waitingFor } };
}

export function succeed(
  state: TargetState,
  applied: Applied,
  at: number,
  verifiedUpTo?: string | undefined,
): TargetState | undefined {
  if (!beganLast(state, applied)) return undefined;
  const { waiting: _waiting, failure: _failure, ...kept } = state;
  return {
    ...kept,
    succeeded: keepWanted(applied, state.succeeded),
    last: { run: applied.run, status: 'succeeded', at },
    ...(verifiedUpTo !== undefined && { verifiedUpTo }),
  };
}

/** The run that waited has become healthy. */
export function succeedWaiting(state: TargetState, run: string, at: number): TargetState | undefined {
  return state.waiting?.run === run ? succeed(state, state.waiting, at) : undefined;
}

/** The run has found that nothing is to be done. */
export function skip(state: TargetState, run: string, at: number): TargetState | undefined {
  if (state.begun?.run !== run) return undefined;
  return { ...state, last: { run, status: 'skipped', at } };
}

/** How an attempt came out that did not succeed. */
interface Ending {
  readonly run: string;
  readonly at: number;
  /** When the attempt began, or was taken up if it did not come to that: one that began later counts for more. */
  readonly since: number;
}

export interface PuttingBack extends Ending {
  readonly error?: RunError;
  readonly againAt?: number;
}

/** The run is queued again. May be repeated. */
export function putBack(state: TargetState, { run, at, since, error, againAt }: PuttingBack): TargetState | undefined {
  if (hasBegunSince(state, { run, since })) return undefined;
  return {
    ...state,
    last: { run, status: 'queued', at, ...(error && { error }), ...(againAt !== undefined && { againAt }) },
  };
}

export interface Failing extends Ending {
  readonly error: RunError;
  readonly verifiedUpTo?: string | undefined;
}

/** May be repeated: one run counts as one failure. */
export function fail(
  state: TargetState,
  target: Pick<Target, 'interval' | 'retryInterval'>,
  failing: Failing,
): TargetState | undefined {
  const { run, error, at, since, verifiedUpTo } = failing;
  if (hasBegunSince(state, { run, since })) return undefined;
  const before = state.failure?.count ?? 0;
  const count = state.failure?.run === run ? before : before + 1;
  const seconds = retrySeconds(target, count);
  const { waiting, ...kept } = state;
  return {
    ...kept,
    ...(waiting !== undefined && waiting.run !== run && { waiting }),
    failure: { run, error, count, ...(seconds !== undefined && { retryAt: at + seconds * 1000 }) },
    last: { run, status: 'failed', at },
    ...(verifiedUpTo !== undefined && { verifiedUpTo }),
  };
}

function hasBegunSince({ begun }: TargetState, { run, since }: Pick<Ending, 'run' | 'since'>): boolean {
  return begun !== undefined && (begun.at > since || (begun.at === since && begun.run !== run));
}

/** Whether no attempt has begun since this one, neither of another run nor of its own. */
export function beganLast({ begun }: TargetState, attempt: Begun): boolean {
  return begun?.run === attempt.run && begun.at === attempt.at;
}

/** A head that did not account for the newest delivery (its replica was behind) does not undo what was accounted for. */
function keepWanted(applied: Applied, before: Applied | undefined): Applied {
  if (before?.wanted === undefined || before.digest !== applied.digest) return applied;
  return { ...applied, wanted: Math.max(applied.wanted ?? 0, before.wanted) };
}
