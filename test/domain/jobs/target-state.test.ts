import { describe, expect, it } from 'vitest';
import type { RunError } from '../../../lib/domain/jobs/run.ts';
import {
  type Applied,
  begin,
  endRemoval,
  fail,
  keepWaiting,
  putBack,
  skip,
  succeed,
  succeedWaiting,
  type TargetState,
  wait,
} from '../../../lib/domain/jobs/target-state.ts';

const settings = { interval: 3600, retryInterval: 300 };
const error: RunError = { fault: 'user', message: 'Cannot' };
const empty: TargetState = { target: 'shop' };

function applied(run: string, fields: Partial<Applied> = {}): Applied {
  return { run, at: 10, revision: `main@sha1:${'a'.repeat(40)}`, digest: 'd', ...fields };
}

function begun(run: string, at = 10): TargetState {
  return begin(empty, { run, at, revision: applied(run).revision });
}

describe('a run of another worker that has begun since', () => {
  it('keeps a late one from saying anything', () => {
    const state = begun('r2');
    expect(wait(state, applied('r1'), 'web')).toBeUndefined();
    expect(succeed(state, applied('r1'), 20)).toBeUndefined();
    expect(skip(state, 'r1', 20)).toBeUndefined();
    expect(endRemoval(state, applied('r1'), 20)).toBeUndefined();
    expect(fail(state, settings, { run: 'r1', error, at: 20, since: 5 })).toBeUndefined();
    expect(succeedWaiting(state, 'r1', 20)).toBeUndefined();
  });

  it('is also another attempt of the same run', () => {
    const state = begun('r1', 20);
    expect(wait(state, applied('r1'), 'web')).toBeUndefined();
    expect(succeed(state, applied('r1'), 30)).toBeUndefined();
    expect(fail(state, settings, { run: 'r1', error, at: 30, since: 10 })).toBeUndefined();
  });

  it('before the attempt does not keep it from failing', () => {
    expect(fail(begun('r1', 4), settings, { run: 'r2', error, at: 20, since: 5 })).toMatchObject({
      failure: { run: 'r2', count: 1 },
    });
  });
});

describe('a run that begins', () => {
  it('ends the waiting of another', () => {
    const waiting = wait(begun('r1'), applied('r1'), 'web', 'v1');
    expect(waiting).toMatchObject({ waiting: { run: 'r1' }, verifiedUpTo: 'v1' });
    const next = begin(waiting ?? empty, { run: 'r2', at: 20, revision: applied('r2').revision });
    expect(next).not.toHaveProperty('waiting');
    expect(next).toMatchObject({
      begun: { run: 'r2' },
      last: { run: 'r2', status: 'running', at: 20 },
      verifiedUpTo: 'v1',
    });
  });

  it('and does not come to resolve a head leaves the waiting one alone when it fails', () => {
    const waiting = wait(begun('r1'), applied('r1'), 'web') ?? empty;
    expect(fail(waiting, settings, { run: 'r2', error, at: 30, since: 20 })).toMatchObject({ waiting: { run: 'r1' } });
    expect(fail(waiting, settings, { run: 'r1', error, at: 30, since: 10 })).not.toHaveProperty('waiting');
  });
});

describe('a run that succeeds', () => {
  it('forgets failures and is what the cluster holds', () => {
    const failed = fail(begun('r1'), settings, { run: 'r1', error, at: 20, since: 10 }) ?? empty;
    const again = begin(failed, { run: 'r2', at: 30, revision: applied('r2').revision });
    const state = succeed(again, applied('r2', { at: 30, wanted: 7 }), 40, 'v2');
    expect(state).not.toHaveProperty('failure');
    expect(state).toMatchObject({
      succeeded: { run: 'r2', wanted: 7 },
      last: { run: 'r2', status: 'succeeded', at: 40 },
      verifiedUpTo: 'v2',
    });
  });

  it.each([
    ['at a head that was behind keeps what was accounted for', { wanted: 5, digest: 'd' }, undefined, 5],
    ['never accounts for less', { wanted: 5, digest: 'd' }, 3, 5],
    ['accounts for more', { wanted: 5, digest: 'd' }, 8, 8],
    ['with other settings begins anew', { wanted: 5, digest: 'e' }, 3, 3],
    ['after one that accounted for none has its own', { digest: 'd' }, 3, 3],
  ])('%s', (_, before, wanted, expected) => {
    const state = { ...begun('r2'), succeeded: applied('r1', before) };
    const next = succeed(state, applied('r2', wanted === undefined ? {} : { wanted }), 20);
    expect(next?.succeeded?.wanted).toBe(expected);
  });

  it('after it had waited is the one that had begun', () => {
    const waiting = wait(begun('r1'), applied('r1', { wanted: 4 }), 'web') ?? empty;
    const state = succeedWaiting(waiting, 'r1', 20);
    expect(state).toMatchObject({ succeeded: { run: 'r1', wanted: 4 } });
    expect(state).not.toHaveProperty('waiting');
  });
});

describe('a run that fails', () => {
  it('counts once however often that is recorded, and the next one more', () => {
    const once = fail(begun('r1'), settings, { run: 'r1', error, at: 15, since: 10 }) ?? empty;
    const twice = fail(once, settings, { run: 'r1', error, at: 15, since: 10 }) ?? empty;
    expect(twice).toEqual(once);
    const next = begin(twice, { run: 'r2', at: 20, revision: applied('r2').revision });
    expect(fail(next, settings, { run: 'r2', error, at: 1000, since: 20, verifiedUpTo: 'v' })).toMatchObject({
      failure: { run: 'r2', count: 2, retryAt: 601_000, error },
      last: { run: 'r2', status: 'failed', at: 1000 },
      verifiedUpTo: 'v',
    });
  });

  it('of a target that is never retried has no time for it', () => {
    const state = fail(begun('r1'), { interval: 60, retryInterval: 0 }, { run: 'r1', error, at: 15, since: 10 });
    expect(state?.failure).toEqual({ run: 'r1', error, count: 1 });
  });
});

describe('a run that waits', () => {
  it('tells for what, as its last look found it, until it ends', () => {
    const waiting = wait(begun('r1'), applied('r1'), 'web: 0 of 3') ?? empty;
    expect(waiting.last).toEqual({ run: 'r1', status: 'running', at: 10, waitingFor: 'web: 0 of 3' });
    const later = keepWaiting(waiting, 'r1', 'web: 2 of 3') ?? empty;
    expect(later).toEqual({ ...waiting, last: { ...waiting.last, waitingFor: 'web: 2 of 3' } });
    expect(succeedWaiting(later, 'r1', 20)?.last).toEqual({ run: 'r1', status: 'succeeded', at: 20 });
  });

  it('tells nothing once another is the last', () => {
    const waiting = wait(begun('r1'), applied('r1'), 'web') ?? empty;
    expect(keepWaiting(waiting, 'r2', 'web')).toBeUndefined();
    expect(keepWaiting(putBack(waiting, { run: 'r2', at: 30, since: 20 }) ?? empty, 'r1', 'web')).toBeUndefined();
  });
});

describe('a run that goes back', () => {
  const back = { run: 'r1', error, at: 20, since: 10, againAt: 5020 };

  it('is the last run, queued, with why and until when, and no failure yet', () => {
    const state = putBack(begun('r1'), back);
    expect(state?.last).toEqual({ run: 'r1', status: 'queued', at: 20, error, againAt: 5020 });
    expect(state).not.toHaveProperty('failure');
    expect(putBack(state ?? empty, back)).toEqual(state);
  });

  it('says nothing once another attempt has begun', () => {
    expect(putBack(begun('r2', 15), back)).toBeUndefined();
    expect(putBack(begun('r1', 15), back)).toBeUndefined();
  });

  it('is told as running when it begins again', () => {
    const again = begin(putBack(empty, back) ?? empty, { run: 'r1', at: 6000, revision: applied('r1').revision });
    expect(again.last).toEqual({ run: 'r1', status: 'running', at: 6000 });
  });
});

it('a run that found nothing to do was the last one', () => {
  expect(skip(begun('r1'), 'r1', 20)?.last).toEqual({ run: 'r1', status: 'skipped', at: 20 });
});
