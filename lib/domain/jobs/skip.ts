import type { SyncJob } from './job.ts';
import type { TargetState } from './target-state.ts';

/** What a target was asked to be at, by the newest delivery that concerns it. */
export interface Wanted {
  /** The order in which deliveries arrived: epoch milliseconds of its arrival, or one more than the one before. */
  readonly at: number;
  /** Names the delivery; a hash. */
  readonly delivery: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/**
 * The run that makes a push job needless: it has applied everything, with the same settings and version (`digest`), at a head that it
 * resolved when this push had arrived. Undefined for every other cause: sweeps, manual syncs and retries always compare (DESIGN §3).
 *
 * A run that has applied everything and waits for health counts beside one that has succeeded: or else twenty pushes to a slow
 * Deployment would be twenty syncs. Should it fail, the target is tried again like after any failed run.
 */
export function coveringRun(job: SyncJob, state: TargetState, digest: string): string | undefined {
  const { cause, run, wanted } = job;
  if (cause.kind !== 'push' || wanted === undefined) return undefined;
  for (const applied of [state.waiting, state.succeeded]) {
    if (applied === undefined || applied.run === run || applied.digest !== digest) continue;
    if (applied.wanted !== undefined && wanted <= applied.wanted) return applied.run;
  }
  return undefined;
}

/**
 * The newer run that makes it needless to send a failed job again: it has begun, for a push at a head that accounts for it. A run that
 * got the head of a replica that was behind does not.
 */
export function newerRun(job: SyncJob, state: TargetState): string | undefined {
  const { begun } = state;
  // What an admin has asked to be deleted is deleted: a push in between does not undo that.
  if (job.remove !== undefined) return undefined;
  if (begun === undefined || begun.run <= job.run) return undefined;
  const accounts = job.cause.kind !== 'push' || job.wanted === undefined || (begun.wanted ?? 0) >= job.wanted;
  return accounts ? begun.run : undefined;
}

/** After this time, in milliseconds, a head that looks behind a push counts: a force push may have made what was pushed unreachable (DESIGN §3). */
export const believeAfterMs = 60_000;

/** What a sender says of a push. */
type Hints = Pick<Wanted, 'before' | 'after'>;

/**
 * Whether the forge answered with the head before a push: it is what was there before it, or what was applied last, and not what was
 * pushed. Where the sender does not say what was pushed, any head counts. It is not behind either if the `newest` delivery announced it:
 * then the push is one of a burst whose last one was seen already, or was taken back since by force.
 */
export function isBehind(head: string, push: Hints, applied: string | undefined, newest?: Hints): boolean {
  if (push.after === undefined || head === push.after) return false;
  if (head === push.before) return head !== newest?.after || newest.before !== push.after;
  return head === applied && head !== newest?.after;
}

/**
 * Whether a push was synced to another head than the newest delivery announced. Mostly that head is newer and its own delivery is on its way;
 * but a replica may be several pushes behind, and then nothing else would tell.
 */
export function isUnannounced(head: string, job: SyncJob, newest: Hints | undefined): boolean {
  return job.cause.kind === 'push' && newest?.after !== undefined && head !== newest.after;
}

/**
 * The place in the order of deliveries that a sync at `head` accounts for. `wanted` is the newest delivery, read before the head was
 * resolved: unless the head is behind it, and it not old enough for the head to count, every delivery up to it has been seen. Otherwise
 * only the job's own, which has waited for its head long enough.
 */
export function accountedFor(
  head: string,
  job: SyncJob,
  wanted: Wanted | undefined,
  applied: string | undefined,
  now: number,
): number | undefined {
  if (wanted === undefined) return job.wanted;
  if (isBehind(head, wanted, applied) && now - wanted.at < believeAfterMs) return job.wanted;
  return Math.max(wanted.at, job.wanted ?? 0);
}
