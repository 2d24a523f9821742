import { isBuiltIn } from '../../domain/objects/built-in.ts';

/** When a request is sent again (APPLY §3). Pure: times and randomness come in. */

export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Milliseconds since the first attempt began. */
  readonly elapsedMs: number;
  /** What a server that asks to be left alone said: milliseconds; undefined where it did not say. */
  readonly retryAfterMs?: number | undefined;
}

export interface RetryLimits {
  readonly attempts: number;
  readonly totalMs: number;
  /** How long one attempt waits for its answer; absent = as long as the server itself takes. */
  readonly answerMs?: number;
}

/** Seven attempts wait 6 to 13 s together: the time in which a control plane or its load balancer changes over. */
export const patient: RetryLimits = { attempts: 7, totalMs: 30_000 };
/** For what concerns few objects, such as the discovery of an aggregated API. */
export const quick: RetryLimits = { attempts: 3, totalMs: 5_000, answerMs: 15_000 };

/** Of a read: an aggregated API that does not answer concerns its own objects alone, and the others do not wait for it (APPLY §6). */
export function limitsOf(kind: { readonly apiVersion: string }): RetryLimits {
  return isBuiltIn(kind) ? patient : quick;
}

const firstMs = 250;
const longestMs = 5_000;

/** Milliseconds to wait before the next attempt, or undefined if there is none. `random` is in [0, 1). */
export function nextDelay(attempt: Attempt, limits: RetryLimits, random: number): number | undefined {
  if (attempt.number >= limits.attempts) return undefined;
  const backoff = Math.min(firstMs * 2 ** (attempt.number - 1), longestMs);
  const jittered = backoff * (0.5 + random / 2);
  // Never sooner than asked; jitter keeps those who were told the same time apart.
  const delay = attempt.retryAfterMs === undefined ? jittered : attempt.retryAfterMs + jittered / 4;
  return attempt.elapsedMs + delay > limits.totalMs ? undefined : delay;
}

/** Milliseconds of a Retry-After header (RFC 9110 §10.2.3): seconds or a date. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
