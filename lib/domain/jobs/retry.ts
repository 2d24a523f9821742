import type { Target } from '../settings/settings.ts';

/** Seconds until a job that failed by our own fault is sent again (DESIGN §3). */
const resendDelays = [5, 30, 120, 600];

/** How often a message is delivered whose worker dies; then the queue lays it aside, as SQS is set up to do (facts/webhooks.md §7.1). */
export const mostDeliveries = 5;

/** Seconds between looks at the health of a run that waits, and then for as long as it does. */
const healthDelays = [2, 5, 10, 15];
const laterHealthDelay = 30;

const daySeconds = 86_400;

/** Seconds until the job is sent again after its `attempt`th failure, from 0; undefined once it was sent again four times. */
export function resendDelay(attempt: number): number | undefined {
  return resendDelays[attempt];
}

/** Seconds until the next look at the health of a waiting run, after `attempt` looks; the last is when the `left` seconds of its time are over. */
export function healthDelay(attempt: number, left: number): number {
  return Math.max(Math.min(healthDelays[attempt] ?? laterHealthDelay, Math.ceil(left)), 1);
}

/**
 * Seconds after which a target is tried again without a push, when `failures` runs have failed in a row: `retryInterval`, doubling up to
 * `interval` (up to a day for a target that is not swept); undefined if its `retryInterval` is 0: never.
 */
export function retrySeconds(
  { interval, retryInterval }: Pick<Target, 'interval' | 'retryInterval'>,
  failures: number,
): number | undefined {
  if (retryInterval === 0) return undefined;
  const longest = Math.max(interval === 0 ? daySeconds : interval, retryInterval);
  return Math.min(retryInterval * 2 ** (failures - 1), longest);
}
