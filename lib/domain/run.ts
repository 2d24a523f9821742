import type { Fault } from './failure.ts';
import type { Cause } from './job.ts';
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
  /** Something its owner should know: fields taken from other managers, a duplicate list key. */
  readonly warning?: string;
}

/** The record of one sync or release (DESIGN §5.2). Times are ISO 8601 in UTC. */
export interface Run {
  readonly id: string;
  readonly target: string;
  readonly kind: 'sync' | 'release';
  readonly cause: Cause;
  /** The head that was resolved, from the moment the run is `running`. */
  readonly revision?: Revision;
  readonly status: RunStatus;
  readonly phase?: 'applying' | 'waiting';
  /** The id of the newer run that made this one needless. */
  readonly supersededBy?: string;
  readonly queuedAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly changes: Readonly<Record<Action, number>>;
  /** Not the `unchanged` ones, failures first, at most 1,000. */
  readonly objects: readonly ObjectResult[];
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
