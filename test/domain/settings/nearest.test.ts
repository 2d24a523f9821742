import { expect, it } from 'vitest';
import { nearest } from '../../../lib/domain/settings/nearest.ts';

const verbs = ['serve', 'validate', 'plan', 'sync', 'status', 'targets', 'runs'];

it.each([
  ['snyc', 'sync'],
  ['valdate', 'validate'],
  ['Status', 'status'],
  ['target', 'targets'],
  ['val', 'validate'],
  ['run', 'runs'],
  ['deploy', undefined],
  ['x', undefined],
  ['', undefined],
  ['s'.repeat(10_000), undefined],
])('nearest to %s is %s', (text, expected) => {
  expect(nearest(text, verbs)).toBe(expected);
});
