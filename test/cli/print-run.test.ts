import { expect, it } from 'vitest';
import { Run } from '../../lib/api.ts';
import { printRun, runRow } from '../../lib/cli/print-run.ts';
import type { Terminal } from '../../lib/cli/terminal.ts';

const now = Date.parse('2026-11-26T04:00:05Z');

function printed(run: Run): string {
  const lines: string[] = [];
  const terminal: Terminal = {
    out: (line) => void lines.push(line),
    err: () => undefined,
    progress: () => undefined,
    paint: (_, text) => text,
    paintError: (_, text) => text,
    ask: async () => '',
    width: 200,
  };
  printRun(terminal, run, now);
  return lines.join('\n');
}

const release = Run.parse({
  id: '0mk1zq8yd5c0ffee00c0ffee0',
  target: 'shop-staging',
  targets: ['shop-staging', 'shop-next'],
  repository: { url: 'https://github.com/acme/shop.git', branch: 'main' },
  kind: 'release',
  cause: { kind: 'image', by: 'quay' },
  revision: `main@sha1:${'a'.repeat(40)}`,
  pushed: [{ commit: 'b'.repeat(40), branch: 'sluice/main', pullRequest: 'https://github.com/acme/shop/pull/7' }],
  status: 'succeeded',
  queuedAt: '2026-11-26T04:00:00.000Z',
  startedAt: '2026-11-26T04:00:00.000Z',
  finishedAt: '2026-11-26T04:00:01.000Z',
  changes: { created: 0, configured: 1, unchanged: 0, deleted: 0, skipped: 1, failed: 0 },
  objects: [
    {
      id: 'shop:deployment/web',
      action: 'configured',
      release: {
        target: 'shop-staging',
        status: 'success',
        containers: [
          { container: 'web', current: 'quay.io/acme/web:2.0', target: 'quay.io/acme/web:1.9', downgrade: true },
          { container: 'init', current: 'quay.io/acme/init:1', target: `quay.io/acme/init@sha256:${'c'.repeat(4)}` },
        ],
      },
    },
    {
      id: 'shop:deployment/api',
      action: 'skipped',
      error: 'image(s) up to date',
      release: { target: 'shop-staging', status: 'skipped', containers: [] },
    },
  ],
});

it('a release is told with its commit, its pull request and what became of each workload', () => {
  expect(printed(release)).toBe(`Run:           0mk1zq8yd5c0ffee00c0ffee0
Kind:          release
Targets:       shop-staging, shop-next
Cause:         image by quay
Revision:      main@sha1:${'a'.repeat(40)}
Commit pushed: ${'b'.repeat(40)} to sluice/main
Pull request:  https://github.com/acme/shop/pull/7
Status:        succeeded
Queued:        2026-11-26T04:00:00.000Z (5s ago)
Took:          1s
Changes:       1 configured, 1 skipped

OBJECT               ACTION      MESSAGE
shop:deployment/web  configured  web: quay.io/acme/web:2.0 -> 1.9 (downgrade); init: quay.io/acme/init:1 -> sha256:cccc
shop:deployment/api  skipped     image(s) up to date`);
});

it('a row of a release names its first target, how many others it concerns, and what it has pushed', () => {
  expect(runRow(release, now).slice(0, 4)).toEqual([release.id, 'shop-staging +1', 'succeeded', 'sluice/main@bbbbbbb']);
  const { pushed: _, targets: __, ...alone } = release;
  expect(runRow(alone, now).slice(0, 4)).toEqual([release.id, 'shop-staging', 'succeeded', 'main@aaaaaaa']);
});
