import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  clean,
  formatDetails,
  formatRevision,
  formatSpan,
  formatTable,
  formatTime,
  wrap,
} from '../../lib/cli/print.ts';

it('text of others is one line in which no control character is left', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(clean(text)).not.toMatch(/\p{Cc}/u);
    }),
  );
  expect(clean('a\n  b\u001b[2J\u009b')).toBe('a b\\x1b[2J\\x9b');
});

const head = ['NAME', 'STATUS', 'MESSAGE'];
const rows = [
  ['a', 'failed', 'a long message of many words'],
  ['longer', 'ok', ''],
];

it.each([
  [undefined, ['NAME    STATUS  MESSAGE', 'a       failed  a long message of many words', 'longer  ok']],
  [32, ['NAME    STATUS  MESSAGE', 'a       failed  a long message …', 'longer  ok']],
  [27, ['NAME    STATUS', 'a       failed', 'longer  ok']],
  [5, ['NAME    STATUS', 'a       failed', 'longer  ok']],
])('a table in %s columns', (width, lines) => {
  expect(formatTable(head, rows, width)).toEqual(lines);
});

it('details are aligned, those without a value left out', () => {
  expect(
    formatDetails([
      ['Run', 'r1'],
      ['Phase', undefined],
      ['Revision', 'x'],
    ]),
  ).toEqual(['Run:      r1', 'Revision: x']);
});

it('wrapped text keeps every word and the width', () => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 12, max: 80 }), (words, width) => {
      const lines = wrap(words.join(' '), width);
      expect(lines.join(' ')).toBe(words.join(' '));
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    }),
  );
});

it.each([
  [0, '0s'],
  [-5000, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [7_199_000, '119m'],
  [7_200_000, '2h'],
  [172_800_000, '2d'],
])('%i ms are %s', (milliseconds, text) => {
  expect(formatSpan(milliseconds)).toBe(text);
});

it('times are relative, revisions short', () => {
  const now = Date.parse('2026-01-01T00:10:00Z');
  expect(formatTime('2026-01-01T00:05:00Z', now)).toBe('5m ago');
  expect(formatTime('2026-01-01T00:15:00Z', now)).toBe('in 5m');
  expect(formatTime(undefined, now)).toBe('-');
  expect(formatRevision(`release/1@sha1:${'0123456789'.repeat(4)}`)).toBe('release/1@0123456');
  expect(formatRevision(undefined)).toBe('-');
});
