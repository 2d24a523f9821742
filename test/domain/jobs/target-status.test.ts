import { expect, it } from 'vitest';
import type { TargetState } from '../../../lib/domain/jobs/target-state.ts';
import { describeTarget } from '../../../lib/domain/jobs/target-status.ts';
import { checkSettings } from '../../../lib/domain/settings/check-settings.ts';

const old = `main@sha1:${'a'.repeat(40)}` as const;
const head = `main@sha1:${'b'.repeat(40)}` as const;
const at = Date.parse('2026-01-01T00:00:00Z');
const error = { fault: 'user', message: 'Cannot apply "shop:deployment/web": invalid', help: 'Correct it' } as const;

const succeeded: TargetState = {
  target: 'shop',
  begun: { run: 'r1', at, revision: old },
  succeeded: { run: 'r1', at, revision: old, digest: 'd' },
  last: { run: 'r1', status: 'succeeded', at },
};
const failed: TargetState = {
  ...succeeded,
  begun: { run: 'r2', at, revision: head },
  failure: { run: 'r2', error, count: 2, retryAt: at + 600_000 },
  last: { run: 'r2', status: 'failed', at },
};
const waiting: TargetState = {
  ...succeeded,
  begun: { run: 'r3', at, revision: head },
  waiting: { run: 'r3', at, revision: head, digest: 'd' },
  last: { run: 'r3', status: 'running', at, waitingFor: 'default:deployment/web: 1 of 3' },
};

function target(change: object = {}) {
  const source = { url: 'https://h.example/a', branch: 'main', auth: { token: { env: 'T' } } };
  const document = {
    version: 1,
    targets: [{ name: 'shop', source, cluster: { kubeconfig: { env: 'K' } }, ...change }],
  };
  const found = checkSettings(document, { local: false }).settings?.targets[0];
  if (found === undefined) throw new Error('The settings of this test are wrong');
  return found;
}

it('a target that was never synced is told by its settings, without secrets', () => {
  expect(describeTarget(target(), { target: 'shop' })).toEqual({
    name: 'shop',
    source: { url: 'https://h.example/a', branch: 'main', paths: ['.'] },
    suspended: false,
  });
});

it('a target that is synced holds what was attempted, and is Current', () => {
  expect(describeTarget(target(), succeeded)).toMatchObject({
    applied: old,
    attempted: old,
    lastRun: { id: 'r1', status: 'succeeded', at: '2026-01-01T00:00:00.000Z' },
    health: 'Current',
    nextSweepAt: '2026-01-01T01:00:00.000Z',
  });
});

it('a target whose last run failed tells both revisions, why, and when it is tried again', () => {
  const status = describeTarget(target(), failed);
  expect(status).toMatchObject({
    applied: old,
    attempted: head,
    lastRun: { id: 'r2', status: 'failed', error, failures: 2 },
    nextSweepAt: '2026-01-01T00:10:00.000Z',
  });
  expect(status).not.toHaveProperty('health');
});

it('a target whose run went back tells why, and when it is tried again', () => {
  const last = { run: 'r4', status: 'queued', at, error, againAt: at + 5000 } as const;
  for (const state of [
    { target: 'shop', last },
    { ...failed, last },
  ]) {
    const told = { id: 'r4', status: 'queued', at: '2026-01-01T00:00:00.000Z', error };
    expect(describeTarget(target(), state)).toMatchObject({
      lastRun: told,
      nextSweepAt: '2026-01-01T00:00:05.000Z',
    });
  }
});

it('a target that waits for its objects is InProgress', () => {
  expect(describeTarget(target(), waiting)).toMatchObject({
    applied: old,
    attempted: head,
    health: 'InProgress',
    lastRun: { id: 'r3', status: 'running', waitingFor: 'default:deployment/web: 1 of 3' },
  });
});

it('a run that began after a failure does not show the error of the one before', () => {
  const state: TargetState = { ...failed, last: { run: 'r4', status: 'running', at } };
  expect(describeTarget(target(), state).lastRun).toEqual({
    id: 'r4',
    status: 'running',
    at: '2026-01-01T00:00:00.000Z',
  });
});

it.each([
  ['with an interval of 0', { interval: 0 }, succeeded, undefined],
  ['with an interval of 0 after a failure', { interval: 0 }, failed, '2026-01-01T00:10:00.000Z'],
  ['whose sweep comes before its retry', { interval: '1m' }, failed, '2026-01-01T00:01:00.000Z'],
  ['that is suspended', { suspend: true }, failed, undefined],
])('the next sweep of a target %s', (_, change, state, expected) => {
  expect(describeTarget(target(change), state).nextSweepAt).toBe(expected);
});
