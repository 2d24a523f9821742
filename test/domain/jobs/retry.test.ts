import { expect, it } from 'vitest';
import { healthDelay, resendDelay, retrySeconds } from '../../../lib/domain/jobs/retry.ts';

it('a job is sent again four times, after 5, 30, 120 and 600 s', () => {
  expect([0, 1, 2, 3, 4].map(resendDelay)).toEqual([5, 30, 120, 600, undefined]);
});

it('looks at health come after 2, 5, 10, 15 and then every 30 s', () => {
  expect([0, 1, 2, 3, 4, 5, 100].map((attempt) => healthDelay(attempt, 600))).toEqual([2, 5, 10, 15, 30, 30, 30]);
});

it('the last look at health is when the time is over, and never at once', () => {
  expect([30, 9.2, 0.4, 0, -5].map((left) => healthDelay(2, left))).toEqual([10, 10, 1, 1, 1]);
  expect(healthDelay(4, 12)).toBe(12);
});

it.each([
  ['doubling up to the interval', { interval: 3600, retryInterval: 300 }, [300, 600, 1200, 2400, 3600, 3600]],
  ['at the retryInterval where that is longer', { interval: 60, retryInterval: 300 }, [300, 300]],
  ['up to a day where nothing is swept', { interval: 0, retryInterval: 30_000 }, [30_000, 60_000, 86_400, 86_400]],
  ['never with 0', { interval: 3600, retryInterval: 0 }, [undefined, undefined]],
])('a failed target is tried again %s', (_, target, seconds) => {
  expect(seconds.map((__, failures) => retrySeconds(target, failures + 1))).toEqual(seconds);
  expect(retrySeconds(target, 5000)).toBe(seconds.at(-1));
});
