import { describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/failure.ts';
import type { SyncJob } from '../../../lib/domain/jobs/job.ts';
import {
  endRun,
  isOver,
  isWaiting,
  noChanges,
  queueRun,
  type RunSummary,
  requeueRun,
  runErrorOf,
  startRun,
  takesWorker,
  waitOn,
  waitRun,
} from '../../../lib/domain/jobs/run.ts';

const job: SyncJob = { kind: 'sync', target: 'shop', run: 'r1', cause: { kind: 'sweep', by: 'schedule' }, attempt: 0 };
const revision = `main@sha1:${'a'.repeat(40)}` as const;
const result = { changes: { ...noChanges, configured: 2 }, warnings: ['a key twice'] };
const error = { fault: 'server', message: 'Cannot reach "h": refused' } as const;

const queued = queueRun(job, 0);
const running = must(startRun(queued, revision, 1000));
const waiting = must(waitRun(running, result, 'web: 1 of 3'));

function must(run: RunSummary | undefined): RunSummary {
  if (run === undefined) throw new Error('The step made nothing of the run');
  return run;
}

it('a run goes from queued over running and waiting to its end', () => {
  expect(queued).toEqual({
    id: 'r1',
    target: 'shop',
    kind: 'sync',
    cause: job.cause,
    status: 'queued',
    queuedAt: '1970-01-01T00:00:00.000Z',
    changes: noChanges,
  });
  expect(running).toEqual({
    ...queued,
    revision,
    status: 'running',
    phase: 'applying',
    startedAt: '1970-01-01T00:00:01.000Z',
  });
  expect(waiting).toEqual({ ...running, ...result, phase: 'waiting', waitingFor: 'web: 1 of 3' });
  expect(waitOn(waiting, 'web: 2 of 3')).toEqual({ ...waiting, waitingFor: 'web: 2 of 3' });
  const { phase: _, waitingFor: __, ...kept } = waiting;
  expect(endRun(waiting, 'succeeded', 2000)).toEqual({
    ...kept,
    status: 'succeeded',
    finishedAt: '1970-01-01T00:00:02.000Z',
  });
});

it('an attempt after a failed one begins without its error and its results', () => {
  const back = must(requeueRun(running, { error, result }));
  expect(back).toMatchObject({ status: 'queued', revision, error, ...result });
  expect(back).not.toHaveProperty('phase');
  expect(startRun(back, revision, 1000)).toEqual(running);
});

describe.each(['succeeded', 'failed', 'skipped'] as const)('a run that has %s', (status) => {
  const over = must(endRun(running, status, 2000, { error, supersededBy: 'r2', result }));
  it('stays as it is', () => {
    expect(over).toMatchObject({ status, error, supersededBy: 'r2', ...result });
    expect(isOver(over)).toBe(true);
    expect(startRun(over, revision, 3000)).toBeUndefined();
    expect(waitRun(over, result, '')).toBeUndefined();
    expect(requeueRun(over)).toBeUndefined();
    expect(waitOn(over, '')).toBeUndefined();
    expect(endRun(over, 'failed', 3000)).toBeUndefined();
  });
});

it('a run takes a worker while it is next in the queue or applied, and not while it waits', () => {
  const back = must(requeueRun(running, { error, againAt: 5000 }));
  expect([queued, running, waiting].map((run) => takesWorker(run, 2000))).toEqual([true, true, false]);
  expect([4999, 5000].map((now) => takesWorker(back, now))).toEqual([false, true]);
  expect(takesWorker(must(endRun(back, 'failed', 6000)), 6000)).toBe(false);
});

it('a run that is taken up again, or has ended, waits for no time any more', () => {
  const back = must(requeueRun(running, { againAt: 5000 }));
  expect(back).toMatchObject({ againAt: '1970-01-01T00:00:05.000Z' });
  for (const run of [requeueRun(back), startRun(back, revision, 6000), endRun(back, 'skipped', 6000)]) {
    expect(run).not.toHaveProperty('againAt');
  }
});

it('only a run in phase waiting waits', () => {
  expect([queued, running, waiting].map(isWaiting)).toEqual([false, false, true]);
  expect([queued, running, waiting].map(isOver)).toEqual([false, false, false]);
});

it('what a run says of a failure is its fault, message and help, never its cause', () => {
  const failure = new Failure('user', 'Cannot a', { help: 'Do b', code: 'C', cause: new Error('secret') });
  expect(runErrorOf(failure)).toEqual({ fault: 'user', message: 'Cannot a', help: 'Do b' });
  expect(runErrorOf(new Failure('user', 'Cannot a'))).toEqual({ fault: 'user', message: 'Cannot a' });
});

it('a release keeps its targets, and the commits of all its attempts', () => {
  const release = queueRun(
    {
      kind: 'release',
      url: 'https://h.example/a',
      branch: 'main',
      targets: ['shop', 'web'],
      spec: { type: 'auto' },
      run: 'r2',
      cause: { kind: 'image', by: 'quay' },
      attempt: 0,
    },
    0,
  );
  const repository = { url: 'https://h.example/a', branch: 'main' };
  expect(release).toMatchObject({ kind: 'release', target: 'shop', targets: ['shop', 'web'], repository });
  const begun = must(startRun(release, revision, 1000));
  expect(begun).not.toHaveProperty('phase');
  const [first, second] = ['b', 'c'].map((digit) => ({ commit: digit.repeat(40), branch: 'main' }));
  if (first === undefined || second === undefined) throw new Error('There are two');
  const back = must(requeueRun(begun, { error, result: { ...result, pushed: [first] } }));
  const again = must(startRun(back, revision, 2000));
  expect(again).toMatchObject({ targets: ['shop', 'web'], repository, pushed: [first] });
  expect(endRun(again, 'succeeded', 3000, { result: { ...result, pushed: [second] } })?.pushed).toEqual([
    first,
    second,
  ]);
  expect(endRun(again, 'succeeded', 3000, { result: { ...result, pushed: [] } })?.pushed).toEqual([first]);
  expect(endRun(begun, 'succeeded', 3000, { result: { ...result, pushed: [] } })).not.toHaveProperty('pushed');
});
