import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { createSqliteStore } from '../../lib/adapters/sqlite/store.ts';
import { listTargets } from '../../lib/app/list-targets.ts';
import { showTarget } from '../../lib/app/show-target.ts';
import { stepTargetState } from '../../lib/app/target-state.ts';
import { checkSettings } from '../../lib/domain/check-settings.ts';
import { begin } from '../../lib/domain/target-state.ts';

const revision = `main@sha1:${'a'.repeat(40)}` as const;

function targets(...names: string[]) {
  const source = { url: 'https://h.example/a', branch: 'main' };
  const list = names.map((name) => ({ name, source, cluster: { kubeconfig: { env: 'K' } } }));
  return checkSettings({ version: 1, targets: list }, { local: false }).settings?.targets ?? [];
}

it('targets are listed in the order of the settings, with what the store remembers of each', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-targets-'));
  const database = openDatabase(join(directory, 'sluice.db'));
  onTestFinished(() => {
    database[Symbol.dispose]();
    rmSync(directory, { recursive: true });
  });
  const store = createSqliteStore(database, () => 0);
  for (const name of ['shop', 'gone']) {
    await stepTargetState(store, name, (state) => begin(state, { run: 'r1', at: 0, revision }));
  }
  const settings = targets('web', 'shop');
  const listed = await listTargets(settings, store);
  expect(listed.map(({ name, attempted, lastRun }) => [name, attempted, lastRun?.status])).toEqual([
    ['web', undefined, undefined],
    ['shop', revision, 'running'],
  ]);
  const shown = await Promise.all(settings.map((target) => showTarget(target, store)));
  expect(shown).toEqual(listed);
});
