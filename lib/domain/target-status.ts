import type { Revision } from './revision.ts';
import type { Run } from './run.ts';
import type { Target } from './settings.ts';

/** A run without its objects. */
export type RunSummary = Omit<Run, 'objects'>;

/** How a target stands, as the last runs saw it (DESIGN §5.2). Times are ISO 8601 in UTC. */
export interface TargetStatus {
  readonly name: string;
  readonly source: { readonly url: string; readonly branch: string; readonly paths: readonly string[] };
  readonly suspended: boolean;
  /** The revision of the newest run that succeeded: what the cluster holds. */
  readonly applied?: Revision;
  /** The revision that was tried last; another than `applied` while it is on its way or has failed. */
  readonly attempted?: Revision;
  readonly lastRun?: RunSummary;
  /** Of the objects at the end of the last run, in the words of kstatus; absent before the first. */
  readonly health?: 'Current' | 'InProgress' | 'Failed';
  /** When `schedule` syncs it next without an event; absent if it never does. */
  readonly nextSweepAt?: string;
}

/** What the store knows of a target. */
export interface KnownOfTarget {
  readonly applied?: Revision | undefined;
  /** The newest run, whatever its state. */
  readonly lastRun?: Run | undefined;
  /** Suspended by a verb; `suspend` in the settings counts too. */
  readonly suspended?: boolean | undefined;
}

export function describeTarget(target: Target, known: KnownOfTarget): TargetStatus {
  const { name, source } = target;
  const { applied, lastRun } = known;
  const suspended = target.suspend || known.suspended === true;
  const health = lastRun && healthAfter(lastRun);
  const nextSweepAt = suspended ? undefined : sweepAfter(target, lastRun);
  return {
    name,
    source: { url: source.url, branch: source.branch, paths: source.paths },
    suspended,
    ...(applied && { applied }),
    ...(lastRun?.revision && { attempted: lastRun.revision }),
    ...(lastRun && { lastRun: summarise(lastRun) }),
    ...(health && { health }),
    ...(nextSweepAt && { nextSweepAt }),
  };
}

function summarise(run: Run): RunSummary {
  const { objects: _, ...summary } = run;
  return summary;
}

function healthAfter(run: Run): TargetStatus['health'] {
  switch (run.status) {
    case 'succeeded':
      return 'Current';
    case 'failed':
      return 'Failed';
    case 'running':
      return 'InProgress';
    default:
      return undefined;
  }
}

function sweepAfter(target: Target, run: Run | undefined): string | undefined {
  if (target.interval === 0 || run?.finishedAt === undefined) return undefined;
  const seconds =
    run.status === 'failed' && target.retryInterval > 0
      ? Math.min(target.retryInterval, target.interval)
      : target.interval;
  return new Date(Date.parse(run.finishedAt) + seconds * 1000).toISOString();
}
