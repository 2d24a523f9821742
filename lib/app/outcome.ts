import type { Failure } from '../domain/failure.ts';
import type { SyncJob } from '../domain/jobs/job.ts';
import type { Revision } from '../domain/jobs/revision.ts';
import type { Action, ObjectResult } from '../domain/jobs/run.ts';
import type { Wanted } from '../domain/jobs/skip.ts';
import type { Stay } from '../domain/objects/inventory.ts';
import { idOf, type KubeObject } from '../domain/objects/kube-object.ts';
import type { Target } from '../domain/settings/settings.ts';
import type { Log } from '../log.ts';

/** What the straight line of a sync is given beside its ports (sync.ts), by the worker that holds the lease and records the run (work-sync.ts). */
export interface SyncContext {
  readonly target: Target;
  readonly job: SyncJob;
  /** Aborted when the lease or the message is lost, or the worker's time ends. */
  readonly signal: AbortSignal;
  /**
   * Throws once the signal is aborted or the lease has run out by the clock: asked before every write, because a process that was
   * frozen wakes up with its timers late.
   */
  held(): void;
  readonly log: Log;
  /** The revision of the last run that succeeded, and the commit up to which history has been verified. */
  readonly applied: Revision | undefined;
  readonly verifiedUpTo: string | undefined;
  /** The newest delivery that concerned the target when the worker began. */
  readonly wanted: Wanted | undefined;
  /**
   * Records the run as `running` at the head that was resolved; called once, before anything is touched.
   *
   * @param wanted the newest delivery that had arrived when the head was asked for, if it is not that of when the worker began.
   */
  started(revision: Revision, wanted?: Wanted): Promise<void>;
}

/** How a sync ended. A Failure that is thrown instead ended it before an object was touched. */
export type SyncOutcome = Synced | Behind | Stayed;

export interface Synced {
  readonly kind: 'synced';
  readonly revision: Revision;
  readonly changes: Readonly<Record<Action, number>>;
  /** Not the unchanged ones, failures first, at most 1,000. */
  readonly objects: readonly ObjectResult[];
  readonly warnings: readonly string[];
  /** `Current`: the run has succeeded. `InProgress`: it waits, with re-queued checks. */
  readonly health: 'Current' | 'InProgress';
  /** What is waited for. */
  readonly waitingFor?: readonly WaitedObject[];
  /** Set when an object that git wants is still being deleted: the job is sent again after these seconds, until the target's timeout. */
  readonly againAfterSeconds?: number;
  /** Set if an object failed, could not be pruned or is in Failed health. */
  readonly error?: Failure;
  readonly verifiedUpTo?: string;
}

/** The forge still answers with the head before the push: the job goes back with a delay (DESIGN §3). */
export interface Behind {
  readonly kind: 'behind';
  readonly afterSeconds: number;
}

/** An inventory's parent in the cluster says that the target is suspended or pinned: the run is `skipped`. */
export interface Stayed {
  readonly kind: 'stayed';
  readonly revision: Revision;
  readonly stay: Stay;
}

/** An object that is not `Current` yet. */
export interface WaitedObject {
  /** Its kind, name and namespace, and nothing else of it. */
  readonly object: KubeObject;
  /** What it lacks; never holds a secret value. */
  readonly message: string;
}

const mostNamed = 5;

/** The first five and how many more: `default:deployment/web: 1 of 3 replicas are available; … and 2 more`. */
export function describeWaited(waited: readonly WaitedObject[]): string {
  const named = waited.slice(0, mostNamed).map(({ object, message }) => `${idOf(object)}: ${message}`);
  return named.join('; ') + (waited.length > mostNamed ? ` and ${waited.length - mostNamed} more` : '');
}

/** What a look at the health of a waiting run's objects found. */
export interface HealthOutcome {
  readonly health: 'Current' | 'InProgress';
  /** Set if an object is in Failed health: it names the object and the condition. */
  readonly error?: Failure;
  /** What is still waited for; for status and for the error when the time is up. */
  readonly waitingFor: readonly WaitedObject[];
}
