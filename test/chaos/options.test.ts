import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readOptions } from './options.ts';

it.each([
  [[], { seed: 1, seconds: 30 }],
  [['--seed', '7', '--seconds', '2.5', '--log', 'a'], { seed: 7, seconds: 2.5, log: 'a' }],
  [['--kills', '200'], { seconds: Number.POSITIVE_INFINITY, kills: 200 }],
  [['--deliveries', '10000', '--seconds', '600'], { seconds: 600, deliveries: 10_000 }],
])('%j are understood', (args, options) => {
  expect(readOptions(args)).toMatchObject(options);
});

it.each([
  ['--seconds', '0'],
  ['--seconds', '-1'],
  ['--seconds', 'Infinity'],
  ['--seconds'],
  ['--seed', 'x'],
  ['--seed', ''],
  ['--seed', '1.5'],
  ['--kills', '0'],
  ['--deliveries', '1e9'],
  ['--what', '1'],
  ['now'],
])('%s %s is refused', (...args) => {
  expect(readOptions(args)).toBeUndefined();
});

it('what is refused is one line, and exit 2', () => {
  const main = join(import.meta.dirname, 'main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--seconds', 'soon'], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^npm run chaos -- [^\n]+\n$/);
});
