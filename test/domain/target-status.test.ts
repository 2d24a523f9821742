import { expect, it } from 'vitest';
import { checkSettings } from '../../lib/domain/check-settings.ts';
import { noChanges, type Run } from '../../lib/domain/run.ts';
import { describeTarget } from '../../lib/domain/target-status.ts';

const old = `main@sha1:${'a'.repeat(40)}` as const;
const head = `main@sha1:${'b'.repeat(40)}` as const;

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

function run(change: Partial<Run>): Run {
  return {
    id: 'r1',
    target: 'shop',
    kind: 'sync',
    cause: { kind: 'push', by: 'acme' },
    revision: head,
    status: 'succeeded',
    queuedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:01:00Z',
    changes: noChanges,
    objects: [{ id: 'a:b/c', action: 'created' }],
    ...change,
  };
}

it('the status of a target that was never synced holds what the settings say, without secrets', () => {
  expect(describeTarget(target(), {})).toEqual({
    name: 'shop',
    source: { url: 'https://h.example/a', branch: 'main', paths: ['.'] },
    suspended: false,
  });
});

it('the status tells the applied and the attempted revision and the run without its objects', () => {
  const { objects: _, ...lastRun } = run({ status: 'failed' });
  expect(describeTarget(target(), { applied: old, lastRun: run({ status: 'failed' }) })).toMatchObject({
    applied: old,
    attempted: head,
    lastRun,
    health: 'Failed',
  });
  expect(describeTarget(target(), { lastRun: run({}) }).lastRun).not.toHaveProperty('objects');
});

it.each([
  ['succeeded', {}, {}, '2026-01-01T01:01:00.000Z'],
  ['failed', {}, { status: 'failed' }, '2026-01-01T00:06:00.000Z'],
  ['failed, its retry longer than its interval', { interval: '1m' }, { status: 'failed' }, '2026-01-01T00:02:00.000Z'],
  ['failed, with no retry', { retryInterval: 0 }, { status: 'failed' }, '2026-01-01T01:01:00.000Z'],
  ['of a target without sweeps', { interval: 0 }, {}, undefined],
  ['of a suspended target', { suspend: true }, {}, undefined],
] as const)('the next sweep after a run %s', (_, change, lastRun, expected) => {
  expect(describeTarget(target(change), { lastRun: run(lastRun) }).nextSweepAt).toBe(expected);
});

it.each([
  ['queued', undefined],
  ['running', 'InProgress'],
  ['succeeded', 'Current'],
  ['failed', 'Failed'],
  ['skipped', undefined],
] as const)('the health after a run %s is %s', (status, health) => {
  expect(describeTarget(target(), { lastRun: run({ status }) }).health).toBe(health);
});

it('a target is suspended by its settings or by a verb', () => {
  expect(describeTarget(target({ suspend: true }), {}).suspended).toBe(true);
  expect(describeTarget(target(), { suspended: true }).suspended).toBe(true);
});
