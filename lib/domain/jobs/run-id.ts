import { sha256Hex } from '../digest.ts';

/** Nine digits to the base 36 count milliseconds until the year 5188. */
const timeDigits = 9;
const hashDigits = 16;

/**
 * The id of a run that was asked for at `at` (epoch milliseconds): 25 characters `[0-9a-z]`, which sort by time. The same `at` and
 * `facts` give the same id, so whatever is repeated after a crash finds what is there already; `facts` are only hashed.
 */
export function runIdOf(at: number, facts: readonly string[]): string {
  return startOfRunIds(at) + sha256Hex(JSON.stringify(facts)).slice(0, hashDigits);
}

/** Sorts before the ids of all runs that were asked for at `at` or later, and behind those of all earlier ones. */
export function startOfRunIds(at: number): string {
  return Math.max(at, 0).toString(36).padStart(timeDigits, '0');
}

/** When the run was asked for, epoch milliseconds; undefined if `id` is no run's. */
export function timeOfRunId(id: string): number | undefined {
  if (!/^[0-9a-z]{9}[0-9a-f]{16}$/.test(id)) return undefined;
  return Number.parseInt(id.slice(0, timeDigits), 36);
}
