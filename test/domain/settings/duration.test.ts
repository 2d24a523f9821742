import { expect, it } from 'vitest';
import { parseDuration } from '../../../lib/domain/settings/duration.ts';

it.each([
  ['0', 0],
  ['90s', 90],
  ['5m', 300],
  ['1h30m', 5400],
  ['1.5h', 5400],
  ['2d', 172_800],
  ['', undefined],
  ['5', undefined],
  ['-5m', undefined],
  ['100ms', undefined],
  ['5 m', undefined],
  ['5M', undefined],
  ['m', undefined],
])('the duration %j is %j seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});
