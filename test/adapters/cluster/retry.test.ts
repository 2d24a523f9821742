import fc from 'fast-check';
import { expect, it } from 'vitest';
import { limitsOf, nextDelay, parseRetryAfter, patient, quick } from '../../../lib/adapters/cluster/retry.ts';

it('delays double up to five seconds, of which half is chance', () => {
  const delays = [1, 2, 3, 4, 5, 6].map((number) =>
    [0, 1].map((random) => nextDelay({ number, elapsedMs: 0 }, patient, random)),
  );
  expect(delays).toEqual([
    [125, 250],
    [250, 500],
    [500, 1000],
    [1000, 2000],
    [2000, 4000],
    [2500, 5000],
  ]);
});

it('there is no attempt after the seventh, nor one that would begin after thirty seconds', () => {
  expect(nextDelay({ number: 7, elapsedMs: 0 }, patient, 0)).toBeUndefined();
  expect(nextDelay({ number: 1, elapsedMs: 29_900 }, patient, 0)).toBeUndefined();
  expect(nextDelay({ number: 1, elapsedMs: 0, retryAfterMs: 31_000 }, patient, 0)).toBeUndefined();
  expect(nextDelay({ number: 3, elapsedMs: 0 }, quick, 0)).toBeUndefined();
});

it('an API that is not built in is not waited for as long as the server itself', () => {
  expect(limitsOf({ apiVersion: 'apps/v1' })).toBe(patient);
  expect(limitsOf({ apiVersion: 'metrics.k8s.io/v1' })).toBe(quick);
});

it('a server is never asked again sooner than it said', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 25_000 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (number, retryAfterMs, random) => {
        const delay = nextDelay({ number, elapsedMs: 0, retryAfterMs }, patient, random);
        expect(delay).toBeGreaterThanOrEqual(retryAfterMs);
      },
    ),
  );
});

it.each([
  [undefined, undefined],
  ['3', 3000],
  ['0', 0],
  ['Sun, 22 Nov 2026 10:00:07 GMT', 7000],
  ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
  ['soon', undefined],
  ['99999999999', undefined],
])('Retry-After %s is %s ms', (value, ms) => {
  expect(parseRetryAfter(value, Date.parse('2026-11-22T10:00:00Z'))).toBe(ms);
});
