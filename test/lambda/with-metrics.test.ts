import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { metrics, withMetrics } from '../../lib/lambda/with-metrics.ts';
import { createLog } from '../../lib/log.ts';

function logged() {
  const lines: Record<string, unknown>[] = [];
  const log = withMetrics(
    createLog((line) => lines.push(JSON.parse(line))),
    'prod',
  );
  return { lines, log };
}

function definition(name: string) {
  return [{ Namespace: 'Sluice', Dimensions: [['stage']], Metrics: [{ Name: name, Unit: 'Count' }] }];
}

it('a line that is counted is a metric of its stage too, in the embedded format', () => {
  const { lines, log } = logged();
  log.child({ target: 'shop' }).warn('sync failed', { error: 'x' });
  expect(lines).toEqual([
    {
      time: expect.any(String),
      level: 'warn',
      message: 'sync failed',
      target: 'shop',
      error: 'x',
      stage: 'prod',
      SyncsFailed: 1,
      _aws: { Timestamp: expect.any(Number), CloudWatchMetrics: definition('SyncsFailed') },
    },
  ]);
});

it('a line may say how many', () => {
  const { lines, log } = logged();
  log.info('delivery queued', { webhook: 'acme', targets: 3, jobs: 2 });
  expect(lines[0]).toMatchObject({ JobsQueued: 2, _aws: { CloudWatchMetrics: definition('JobsQueued') } });
});

it('every alarm is one metric', () => {
  const { lines, log } = logged();
  log.error('alarm: workers died');
  log.error('alarm: stale run ended');
  expect(lines).toMatchObject([{ Alarms: 1 }, { Alarms: 1 }]);
});

it('other lines stay as they are', () => {
  const { lines, log } = logged();
  log.info('sync begins', { revision: 'r' });
  expect(lines).toEqual([{ time: expect.any(String), level: 'info', message: 'sync begins', revision: 'r' }]);
});

it('every message that is counted is one that is logged', () => {
  const lib = join(import.meta.dirname, '../../lib');
  const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('with-metrics.ts'))
    .map((path) => readFileSync(join(lib, path), 'utf8'))
    .join('\n');
  for (const message of Object.keys(metrics)) expect(sources, message).toContain(`('${message}'`);
});
