import { describe, expect, it } from 'vitest';
import type { SyncJob } from '../../../lib/domain/jobs/job.ts';
import { accountedFor, coveringRun, isBehind, newerRun } from '../../../lib/domain/jobs/skip.ts';
import type { Applied, TargetState } from '../../../lib/domain/jobs/target-state.ts';

const [old, pushed, other] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)] as const;
const push: SyncJob = {
  kind: 'sync',
  target: 'shop',
  run: 'r5',
  cause: { kind: 'push', by: 'acme' },
  attempt: 0,
  wanted: 50,
  before: old,
  after: pushed,
};

function applied(run: string, wanted: number | undefined, digest = 'd'): Applied {
  return { run, digest, at: 0, revision: `main@sha1:${pushed}`, ...(wanted !== undefined && { wanted }) };
}

function state(fields: Partial<TargetState>): TargetState {
  return { target: 'shop', ...fields };
}

describe('a push is skipped', () => {
  const sweep: SyncJob = { ...push, cause: { kind: 'sweep', by: 'schedule' } };
  it.each([
    ['for a later run that succeeded and had seen it', push, state({ succeeded: applied('r6', 60) }), 'r6'],
    ['for one that had seen just it', push, state({ succeeded: applied('r6', 50) }), 'r6'],
    ['for one that waits for health', push, state({ waiting: applied('r6', 60) }), 'r6'],
    ['not for one that had not seen it', push, state({ succeeded: applied('r4', 49) }), undefined],
    ['not for one that had seen none', push, state({ succeeded: applied('r4', undefined) }), undefined],
    ['not for one with other settings', push, state({ succeeded: applied('r6', 60, 'e') }), undefined],
    ['not for itself', push, state({ succeeded: applied('r5', 60) }), undefined],
    ['not for one that only began', push, state({ begun: applied('r6', 60) }), undefined],
    [
      'not for one that failed',
      push,
      state({ failure: { run: 'r6', error: { fault: 'user', message: '' }, count: 1 } }),
      undefined,
    ],
    ['not if it is a sweep', sweep, state({ succeeded: applied('r6', 60) }), undefined],
    [
      'not if its place is not known',
      { ...push, wanted: undefined },
      state({ succeeded: applied('r6', 60) }),
      undefined,
    ],
  ])('%s', (_, job, known, run) => {
    expect(coveringRun(job as SyncJob, known, 'd')).toBe(run);
  });
});

describe('a job is not sent again', () => {
  const manual: SyncJob = { ...push, cause: { kind: 'manual', by: 'ci' }, wanted: undefined } as SyncJob;
  it.each([
    ['if a newer run has begun at a head that has its push', push, applied('r6', 50), 'r6'],
    ['but is, if the newer run’s head does not', push, applied('r6', 49), undefined],
    ['but is, if the newer run had seen no push', push, applied('r6', undefined), undefined],
    ['but is, if the run that began last is older', push, applied('r4', 60), undefined],
    ['but is, if it was itself that began last', push, applied('r5', 50), undefined],
    ['but is, if none has begun', push, undefined, undefined],
    ['if it is no push and any newer run has begun', manual, applied('r6', undefined), 'r6'],
  ])('%s', (_, job, begun, run) => {
    expect(newerRun(job, state(begun ? { begun } : {}))).toBe(run);
  });
});

describe('a head', () => {
  it.each([
    ['the one that was pushed', pushed, push, old, false],
    ['the one before the push', old, push, undefined, true],
    ['the one that was applied last', other, push, other, true],
    ['an unknown one', other, push, old, false],
    ['the one before, where the sender says no after', old, { before: old }, old, false],
    ['the pushed one that was applied before too', pushed, push, pushed, false],
  ])('that is %s is judged', (_, head, hints, before, behind) => {
    expect(isBehind(head, hints, before)).toBe(behind);
  });

  it.each([
    ['the last of a burst', other, { before: 'd'.repeat(40), after: other }, false],
    ['another than that of the newest push', other, { before: pushed, after: 'd'.repeat(40) }, true],
    ['that before the push, which was taken back by force', old, { before: pushed, after: old }, false],
    ['that before the push, whose own delivery came late', old, { before: 'd'.repeat(40), after: old }, true],
  ])('that was applied last is judged by the newest push: it is %s', (_, head, newest, behind) => {
    expect(isBehind(head, push, head, newest)).toBe(behind);
  });

  const wanted = { at: 70, delivery: 'd', before: pushed, after: other };
  it.each([
    ['the newest push', other, wanted, pushed, 70],
    ['an unknown commit', 'd'.repeat(40), wanted, pushed, 70],
    ['what was before the newest push', pushed, wanted, old, 50],
    ['what was applied last', old, wanted, old, 50],
    ['anything, where nothing is wanted', old, undefined, undefined, 50],
  ])('that is %s accounts for the deliveries up to its place', (_, head, newest, before, place) => {
    expect(accountedFor(head, push, newest, before, 60_069)).toBe(place);
  });

  it('that is behind a push accounts for it a minute after that arrived', () => {
    expect(accountedFor(old, push, wanted, old, 60_069)).toBe(50);
    expect(accountedFor(old, push, wanted, old, 60_070)).toBe(70);
  });

  it('that a sweep gets from a replica that is behind accounts for none', () => {
    const sweep = { ...push, cause: { kind: 'sweep', by: 'schedule' }, wanted: undefined } as SyncJob;
    expect(accountedFor(pushed, sweep, wanted, pushed, 60_069)).toBeUndefined();
    expect(accountedFor(other, sweep, wanted, pushed, 60_069)).toBe(70);
  });
});
