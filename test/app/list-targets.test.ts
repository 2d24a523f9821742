import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { createSqliteStore } from '../../lib/adapters/sqlite/store.ts';
import { listTargets } from '../../lib/app/list-targets.ts';
import { stepTargetState } from '../../lib/app/records/target-state.ts';
import { showTarget } from '../../lib/app/show-target.ts';
import { begin, beginRemoval, endRemoval, fail, succeed } from '../../lib/domain/jobs/target-state.ts';
import { checkSettings } from '../../lib/domain/settings/check-settings.ts';

const revision = `main@sha1:${'a'.repeat(40)}` as const;
const begun = { run: 'r1', at: 0, revision };

function targets(...names: string[]) {
  const source = { url: 'https://h.example/a', branch: 'main' };
  const list = names.map((name) => ({ name, source, cluster: { kubeconfig: { env: 'K' } } }));
  const settings = checkSettings({ version: 1, targets: list }, { local: false }).settings?.targets ?? [];
  return new Map(settings.map((target) => [target.name, target]));
}

function createStore() {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-targets-'));
  const database = openDatabase(join(directory, 'sluice.db'));
  onTestFinished(() => {
    database[Symbol.dispose]();
    rmSync(directory, { recursive: true });
  });
  return createSqliteStore(database, () => 0);
}

it('targets are listed in the order of the settings, with what the store remembers of each', async () => {
  const store = createStore();
  await stepTargetState(store, 'shop', (state) => begin(state, begun));
  const settings = targets('web', 'shop');
  const listed = await listTargets(settings, store);
  expect(listed.map(({ name, attempted, lastRun }) => [name, attempted, lastRun?.status])).toEqual([
    ['web', undefined, undefined],
    ['shop', revision, 'running'],
  ]);
  const shown = await Promise.all([...settings.keys()].map((name) => showTarget(settings, store, name)));
  expect(shown).toEqual(listed);
});

it('a target that has left the settings is orphaned while it may have objects, and nothing is known of its source', async () => {
  const store = createStore();
  const removed = { ...begun, run: 'r2', at: 1 };
  await stepTargetState(store, 'old', (state) => succeed(begin(state, begun), { ...begun, digest: 'd' }, 0));
  await stepTargetState(store, 'broken', (state) => begin(state, begun));
  await stepTargetState(store, 'deleted', (state) => succeed(begin(state, begun), { ...begun, digest: 'd' }, 0));
  await stepTargetState(store, 'deleted', (state) => endRemoval(beginRemoval(state, removed), removed, 2));
  const error = { fault: 'missing', message: 'Cannot reach "git"' } as const;
  const intervals = { interval: 60, retryInterval: 60 };
  await stepTargetState(store, 'unbegun', (state) => fail(state, intervals, { run: 'r3', error, at: 0, since: 0 }));

  const settings = targets('web');
  const listed = await listTargets(settings, store);
  expect(listed.map(({ name, orphaned }) => [name, orphaned])).toEqual([
    ['web', undefined],
    ['broken', true],
    ['old', true],
  ]);
  expect(listed[2]).toEqual({
    name: 'old',
    orphaned: true,
    suspended: false,
    applied: revision,
    attempted: revision,
    lastRun: { id: 'r1', status: 'succeeded', at: '1970-01-01T00:00:00.000Z' },
  });
  expect(await showTarget(settings, store, 'old')).toEqual(listed[2]);
  for (const name of ['deleted', 'unbegun', 'nobody']) expect(await showTarget(settings, store, name)).toBeUndefined();
});

it('a target whose objects another one adopts is not orphaned', async () => {
  const store = createStore();
  await stepTargetState(store, 'old', (state) => begin(state, begun));
  const settings = targets('web');
  const [web] = settings.values();
  if (web === undefined) throw new Error('The settings of this test are wrong');
  const listed = await listTargets(new Map([['web', { ...web, adopts: ['old'] }]]), store);
  expect(listed.map(({ name }) => name)).toEqual(['web']);
});
