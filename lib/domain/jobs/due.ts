import { sha256Hex } from '../digest.ts';
import type { Target } from '../settings/settings.ts';
import { believeAfterMs } from './skip.ts';
import type { TargetState } from './target-state.ts';

export interface Due {
  readonly kind: 'sweep' | 'retry';
  /** Epoch milliseconds since when. */
  readonly since: number;
}

/** Targets that were synced at one moment are swept over this part of their interval. */
const spread = 0.1;

/**
 * Why a target is to be synced now without an event (DESIGN §3), or undefined: a failed run whose time to be tried again has come, one that
 * synced a push to a head that nobody had announced a minute ago and was the last to begin, or a target that was not synced for its `interval`, less up to a tenth of it that depends on its name. One that was never synced is due
 * at once. Suspended targets never are.
 */
export function dueNow(target: Target, state: TargetState, now: number): Due | undefined {
  if (target.suspend) return undefined;
  const retryAt = state.failure?.retryAt;
  if (retryAt !== undefined && retryAt <= now) return { kind: 'retry', since: retryAt };
  const { begun } = state;
  if (begun?.unannounced && begun.at + believeAfterMs <= now)
    return { kind: 'retry', since: begun.at + believeAfterMs };
  if (target.interval === 0) return undefined;
  const since =
    state.last === undefined ? 0 : state.last.at + target.interval * 1000 * (1 - spread * share(target.name));
  return since <= now ? { kind: 'sweep', since } : undefined;
}

/** A number from 0 to 1 that is the name's own. */
function share(name: string): number {
  return Number.parseInt(sha256Hex(name).slice(0, 8), 16) / 0xffffffff;
}
