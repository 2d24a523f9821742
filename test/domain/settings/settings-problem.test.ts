import { expect, it } from 'vitest';
import * as z from 'zod/mini';
import { checkSettings } from '../../../lib/domain/settings/check-settings.ts';
import { formatPath, wordIssue } from '../../../lib/domain/settings/settings-problem.ts';

it.each([
  [[], ''],
  [['targets', 2, 'source', 'url'], 'targets[2].source.url'],
  [['helmRepositories', 'https://charts.example'], 'helmRepositories["https://charts.example"]'],
])('the path %j is %s', (path, text) => {
  expect(formatPath(path)).toBe(text);
});

it.each([
  ['what JSON has no word for', 5n, 'Expected a mapping, found bigint'],
  ['nothing', null, 'Expected a mapping, found nothing'],
  ['a list', [], 'Expected a mapping, found a list'],
])('a document that is %s is told by its kind', (_, document, message) => {
  expect(checkSettings(document, { local: true }).problems).toContainEqual({ path: '', message });
});

it('a word that is nearly right among few is told with all of them', () => {
  const target = { name: 'a', automation: { push: 'branc' } };
  const { problems } = checkSettings({ version: 1, targets: [target] }, { local: true });
  expect(problems).toContainEqual({
    path: 'targets[0].automation.push',
    message: 'Expected branch or pullRequest, found "branc"; did you mean branch?',
  });
});

it('an unknown key where none is known, and an issue of a kind that no schema has yet, are told in general', () => {
  const { error } = z.safeParse(z.strictObject({}), { wombat: 1 }, { error: wordIssue });
  expect(error?.issues.map(({ message }) => message)).toEqual(['Unknown key']);
  expect(wordIssue({ code: 'not_multiple_of', divisor: 2, input: 3 })).toBe('Expected something else');
  expect(wordIssue({ code: 'invalid_type', expected: 'date', input: 3 })).toBe('Expected date, found a number');
});
