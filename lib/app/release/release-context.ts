import type { Failure } from '../../domain/failure.ts';
import type { ReleaseJob } from '../../domain/jobs/job.ts';
import type { Revision } from '../../domain/jobs/revision.ts';
import type { Pushed } from '../../domain/jobs/run.ts';
import type { TargetResults } from '../../domain/release/target-results.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Log } from '../../log.ts';
import type { ImageEvent } from '../records/image-events.ts';
import type { Forge, GitWriter, OpenDraft } from '../release-ports.ts';
import type { BookPorts } from './image-book.ts';

/** What a release needs of the world. */
export interface ReleasePorts extends BookPorts {
  readonly writer: GitWriter;
  readonly forge: Forge;
  readonly openDraft: OpenDraft;
}

/** What a release is given beside its ports, by the worker that holds the lease and records the run (jobs/work-release.ts). */
export interface ReleaseContext {
  readonly job: ReleaseJob;
  /** Of one repository and branch, each with its `automation`. */
  readonly targets: readonly Target[];
  /** What was pushed to registries; absent for a sweep, and for what somebody asks for. */
  readonly events: readonly ImageEvent[] | undefined;
  /** What the pull requests of the last run hold, as digests: a sweep does not propose it once more. */
  readonly proposed: readonly string[];
  readonly signal: AbortSignal;
  /** Throws once the lease is lost: asked before what was decided is handed over to be pushed. */
  held(): void;
  readonly log: Log;
  /** Records the run as `running` at a head; again with the next one if another writer was faster. */
  started(revision: Revision): Promise<void>;
}

/** How a release ended. A Failure that is thrown instead ended it before anything was written. */
export interface ReleaseOutcome {
  readonly results: readonly TargetResults[];
  /** None where nothing was to be written. */
  readonly pushed: readonly Pushed[];
  /** What pull requests hold now, as digests. */
  readonly proposed: readonly string[];
  /** What was found otherwise than it was told, and what could not be done. */
  readonly warnings: readonly string[];
  /** What could not be asked or written; what could be is in `pushed`. */
  readonly error?: Failure;
}
