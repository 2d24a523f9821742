import { expect, it } from 'vitest';
import { readOptions } from '../../../lib/local/demo/options.ts';

it.each([
  [[], { current: false }],
  [['--cluster', 'current'], { current: true }],
  [['-h'], 'help'],
  [['--help', '--cluster', 'other'], 'help'],
])('npm start -- %j is understood', (args, expected) => {
  expect(readOptions(args)).toEqual(expected);
});

it.each([
  [['--clustr', 'current'], "Cannot start the demo: Unknown option '--clustr'"],
  [['current'], "Cannot start the demo: Unexpected argument 'current'"],
  [['--cluster'], "Cannot start the demo: Option '--cluster <value>' argument missing"],
  [['--cluster', 'other'], 'Cannot use the cluster "other": only "current" can be named'],
])('npm start -- %j is the user’s slip', (args, message) => {
  expect(() => readOptions(args)).toThrow(
    expect.objectContaining({ fault: 'user', message, help: expect.stringMatching(/^npm start/) }),
  );
});
