import type { Failure, Fault } from '../failure.ts';
import type { ReleaseStatus } from '../release/release-result.ts';
import type { Cause, ReleaseJob, SyncJob } from './job.ts';
import { type Names, nameInHelp } from './name-in-help.ts';
import type { Revision } from './revision.ts';

export type Action = 'created' | 'configured' | 'unchanged' | 'deleted' | 'skipped' | 'failed';
export const actions: readonly Action[] = ['created', 'configured', 'unchanged', 'deleted', 'skipped', 'failed'];

export type RunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'skipped';

/** What became of one object. */
export interface ObjectResult {
  /** `namespace:kind/name`. */
  readonly id: string;
  readonly action: Action;
  /** Why it failed or was skipped; never holds a secret value. */
  readonly error?: string;
  /** Of an object that the deletion of its target has skipped: it is on its way out, or stays and is no longer the target's. */
  readonly deletion?: 'going' | 'released';
  /** Something its owner should know: fields taken from other managers, a duplicate list key. */
  readonly warning?: string;
  /** Of a workload that a release is about. */
  readonly release?: ReleasedWorkload;
}

/** What a release did to a workload (facts/flux-v1.md §3); `error` of its result says why it did not, or what it left out. */
export interface ReleasedWorkload {
  readonly target: string;
  readonly status: ReleaseStatus;
  /** Images as texts: what git had, and what it has now. */
  readonly containers: readonly {
    readonly container: string;
    readonly current: string;
    readonly target: string;
    /** It goes down in version, or in time. */
    readonly downgrade?: true;
  }[];
}

/** Where a release was written to. */
export interface Pushed {
  readonly commit: string;
  readonly branch: string;
  /** Address of the pull request that brings it into the targets' branch. */
  readonly pullRequest?: string;
}

/** The record of one sync or release (DESIGN §5.2). Times are ISO 8601 in UTC. */
export interface Run {
  readonly id: string;
  /** Of a release that concerns several the first. */
  readonly target: string;
  /** Of a release: all of them, and where it writes to. */
  readonly targets?: readonly string[];
  readonly repository?: { readonly url: string; readonly branch: string };
  /**
   * Commits of a release, in all its attempts: one, unless its targets say different things of how to write, or an attempt could write only a part.
   */
  readonly pushed?: readonly Pushed[];
  /** `delete`: a target was removed from its cluster; its revision is what was applied last, or 40 zeros where nothing was. */
  readonly kind: 'sync' | 'delete' | 'release';
  readonly cause: Cause;
  /** The head that was resolved, from the moment the run is `running`. */
  readonly revision?: Revision;
  readonly status: RunStatus;
  readonly phase?: 'applying' | 'waiting';
  /** The id of the run that made this one needless. */
  readonly supersededBy?: string;
  readonly queuedAt: string;
  /** Of the last attempt. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Of a run in phase `waiting`: objects that are not `Current` yet, and what they lack. */
  readonly waitingFor?: string;
  /** Of a queued run: a worker takes it up then, and not before. */
  readonly againAt?: string;
  readonly changes: Readonly<Record<Action, number>>;
  /** Not the `unchanged` ones, failures first, at most 1,000. */
  readonly objects: readonly ObjectResult[];
  /** Why it failed, or was skipped if no other run made it needless; of a queued run why the last attempt failed. */
  readonly error?: RunError;
  readonly warnings?: readonly string[];
}

export interface RunError {
  readonly fault: Fault;
  readonly message: string;
  readonly help?: string;
}

export const noChanges: Readonly<Record<Action, number>> = {
  created: 0,
  configured: 0,
  unchanged: 0,
  deleted: 0,
  skipped: 0,
  failed: 0,
};

/** A run without its objects: what its steps decide on. */
export type RunSummary = Omit<Run, 'objects'>;

/** What a sync found, for the record. */
export interface RunResult {
  readonly changes: Readonly<Record<Action, number>>;
  readonly warnings: readonly string[];
  /** What this attempt has pushed. */
  readonly pushed?: readonly Pushed[];
}

/** How a run ends, beside its status. */
export interface RunEnd {
  readonly error?: RunError;
  readonly supersededBy?: string;
  readonly result?: RunResult;
}

/** Why and until when a run goes back. */
export interface RunDelay extends Pick<RunEnd, 'error' | 'result'> {
  /** Epoch milliseconds; absent where it may be taken up at once. */
  readonly againAt?: number;
}

/** `succeeded`, `failed` and `skipped` are for good: each step below answers undefined then, and no late worker rewrites history. */
export function isOver(run: Pick<Run, 'status'>): boolean {
  return run.status !== 'queued' && run.status !== 'running';
}

export function isWaiting(run: Pick<Run, 'status' | 'phase'>): boolean {
  return run.status === 'running' && run.phase === 'waiting';
}

/** Whether it is at a worker or next in the queue of the workers; one that waits, for health or for its time to come, holds none. */
export function takesWorker(run: Pick<Run, 'status' | 'phase' | 'againAt'>, now: number): boolean {
  if (isOver(run) || isWaiting(run)) return false;
  return run.againAt === undefined || Date.parse(run.againAt) <= now;
}

/** The run of a job, before the job is sent. `at` is epoch milliseconds, as all times of these steps. */
export function queueRun(job: SyncJob | ReleaseJob, at: number): RunSummary {
  const { run: id, cause } = job;
  const queued = { id, cause, status: 'queued', queuedAt: iso(at), changes: noChanges } as const;
  if (job.kind === 'release') {
    const { targets, url, branch } = job;
    return { ...queued, target: targets[0] ?? '', targets, repository: { url, branch }, kind: 'release' };
  }
  return { ...queued, target: job.target, kind: job.remove === undefined ? 'sync' : 'delete' };
}

/** The run of a job that is not sent, over from its first moment. */
export function skippedRun(job: SyncJob, at: number, error: RunError): RunSummary {
  return { ...queueRun(job, at), status: 'skipped', finishedAt: iso(at), error };
}

/** A worker has resolved the head and begins to apply, or to write. What an earlier attempt found is forgotten. */
export function startRun(run: RunSummary, revision: Revision, at: number): RunSummary | undefined {
  if (isOver(run)) return undefined;
  const phase = run.kind === 'release' ? {} : ({ phase: 'applying' } as const);
  return { ...identity(run), revision, status: 'running', ...phase, startedAt: iso(at), changes: noChanges };
}

/** All is applied; the health of some object is not there yet. */
export function waitRun(run: RunSummary, result: RunResult, waitingFor: string): RunSummary | undefined {
  if (isOver(run)) return undefined;
  return { ...run, ...result, phase: 'waiting', waitingFor };
}

/** Another look has found what is still waited for. */
export function waitOn(run: RunSummary, waitingFor: string): RunSummary | undefined {
  return isWaiting(run) ? { ...run, waitingFor } : undefined;
}

/** The job goes back; `error` says why if it was our fault. */
export function requeueRun(run: RunSummary, { error, result, againAt }: RunDelay = {}): RunSummary | undefined {
  if (isOver(run)) return undefined;
  return {
    ...withoutStanding(run),
    ...withPushed(run, result),
    status: 'queued',
    ...(error && { error }),
    ...(againAt !== undefined && { againAt: iso(againAt) }),
  };
}

export function endRun(
  run: RunSummary,
  status: 'succeeded' | 'failed' | 'skipped',
  at: number,
  end: RunEnd = {},
): RunSummary | undefined {
  if (isOver(run)) return undefined;
  const { result, ...reason } = end;
  return { ...withoutStanding(run), ...withPushed(run, result), status, finishedAt: iso(at), ...reason };
}

/** Of a Failure what a run says; with `names` where its help tells commands for the target and the run. */
export function runErrorOf({ fault, message, help }: Failure, names?: Names): RunError {
  if (help === undefined) return { fault, message };
  return { fault, message, help: names === undefined ? help : nameInHelp(help, names) };
}

/** What earlier attempts have pushed is in git, and stays in the record. */
function withPushed({ pushed = [] }: RunSummary, found: RunResult | undefined): Partial<RunResult> {
  const { pushed: now = [], ...result } = found ?? {};
  const all = [...pushed, ...now];
  return { ...result, ...(all.length > 0 && { pushed: all }) };
}

/** Without what told how it stood until now. */
function withoutStanding(run: RunSummary): RunSummary {
  const { phase: _phase, error: _error, againAt: _againAt, waitingFor: _waitingFor, ...kept } = run;
  return kept;
}

function identity(run: RunSummary): Omit<RunSummary, 'status' | 'changes'> {
  const { id, target, targets, repository, pushed, kind, cause, queuedAt } = run;
  const release = { ...(targets && { targets }), ...(repository && { repository }), ...(pushed && { pushed }) };
  return { id, target, ...release, kind, cause, queuedAt };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
