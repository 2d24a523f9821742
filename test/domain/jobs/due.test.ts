import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { dueNow } from '../../../lib/domain/jobs/due.ts';
import type { TargetState } from '../../../lib/domain/jobs/target-state.ts';
import { targetsOf } from '../../app/jobs/job-world.ts';

const hour = 3_600_000;

function target(settings: Record<string, unknown> & { name?: string } = {}) {
  const [found] = targetsOf({ name: 'shop', ...settings }).values();
  if (found === undefined) throw new Error('There is no target');
  return found;
}

function state(fields: Partial<TargetState>): TargetState {
  return { target: 'shop', ...fields };
}

const synced = state({ last: { run: 'r1', status: 'succeeded', at: 0 } });
const error = { fault: 'user', message: 'Cannot' } as const;

it.each([
  ['that was never synced', target(), state({}), 0, { kind: 'sweep', since: 0 }],
  ['that was synced an interval ago', target(), synced, hour, { kind: 'sweep' }],
  ['that was synced half an interval ago', target(), synced, hour / 2, undefined],
  ['that is never swept', target({ interval: 0 }), state({}), hour, undefined],
  ['that is suspended', target({ suspend: true }), state({}), hour, undefined],
  [
    'whose retry has come',
    target(),
    state({ ...synced, failure: { run: 'r', error, count: 1, retryAt: 5 } }),
    5,
    { kind: 'retry', since: 5 },
  ],
  [
    'whose retry has not come',
    target(),
    state({ ...synced, failure: { run: 'r', error, count: 1, retryAt: 6 } }),
    5,
    undefined,
  ],
  [
    'that a push brought to a head which nobody had announced a minute ago',
    target({ interval: 0 }),
    state({ ...synced, begun: { run: 'r1', at: 5, revision: `main@sha1:${'a'.repeat(40)}`, unannounced: true } }),
    60_005,
    { kind: 'retry', since: 60_005 },
  ],
  [
    'that it brought there less than a minute ago',
    target(),
    state({ ...synced, begun: { run: 'r1', at: 5, revision: `main@sha1:${'a'.repeat(40)}`, unannounced: true } }),
    60_004,
    undefined,
  ],
  [
    'that is never retried',
    target(),
    state({ ...synced, failure: { run: 'r', error, count: 1 } }),
    hour,
    { kind: 'sweep' },
  ],
  [
    'that is retried and never swept',
    target({ interval: 0 }),
    state({ failure: { run: 'r', error, count: 1, retryAt: 5 } }),
    5,
    { kind: 'retry' },
  ],
])('a target %s', (_, settings, known, now, due) => {
  const found = dueNow(settings, known, now);
  if (due === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(due);
});

it('targets that were synced at one moment are due over the last tenth of their interval, each at its own time', () => {
  const dueAt = Array.from({ length: 200 }, (_, n) => {
    const due = dueNow(target({ name: `shop-${n}` }), synced, hour);
    return due?.since ?? 0;
  });
  expect(Math.min(...dueAt)).toBeGreaterThanOrEqual(0.9 * hour);
  expect(Math.max(...dueAt)).toBeLessThanOrEqual(hour);
  expect(new Set(dueAt).size).toBe(200);
  const tenths = dueAt.map((at) => Math.floor((at - 0.9 * hour) / (0.01 * hour)));
  for (let tenth = 0; tenth < 10; tenth++) expect(tenths.filter((of) => of === tenth).length).toBeGreaterThan(5);
});

it('a target that is due stays due until it is synced', async () => {
  await fc.assert(
    fc.property(fc.nat(10 * hour), fc.nat(10 * hour), (now, later) => {
      fc.pre(dueNow(target(), synced, now) !== undefined);
      expect(dueNow(target(), synced, now + later)).toEqual(dueNow(target(), synced, now));
    }),
  );
});
