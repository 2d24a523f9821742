import fc from 'fast-check';
import { expect, it } from 'vitest';
import { defaultSelection, isSelected, matchesGlob } from '../../../lib/domain/images/glob.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

it.each([
  ['a*a', 'a', false],
  ['ab*ba', 'aba', false],
  ['a*', 'a/b', true],
  ['v1.?', 'v1.2', false],
  ['[ab]', 'a', false],
  ['*.*', '1.2', true],
  ['master-*-amd64', 'master-1234567-arm64', false],
])('the glob %j takes %j: %s', (pattern, subject, expected) => {
  expect(matchesGlob(pattern, subject)).toBe(expected);
});

it('is what the same expression with .* for each * is', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
  fc.assert(
    fc.property(text, text, (pattern, subject) => {
      const expression = new RegExp(`^${pattern.replaceAll(/\*+/g, '.*')}$`, 's');
      expect(matchesGlob(pattern, subject)).toBe(expression.test(subject));
    }),
  );
});

it('images of Kubernetes itself are left alone by default', () => {
  expect(isSelected('k8s.gcr.io/pause', defaultSelection)).toBe(false);
  expect(isSelected('registry.k8s.io/ingress/controller', defaultSelection)).toBe(false);
  expect(isSelected('index.docker.io/library/nginx', defaultSelection)).toBe(true);
});

describeShared('glob.json', (directory) => {
  const rows = sharedCases(directory, 'glob');

  it.each(rows<{ pattern: string; subject: string }, { matches: boolean }>('match'))('%s', (_, row) => {
    expect(matchesGlob(row.input.pattern, row.input.subject)).toBe(row.expect.matches);
  });

  it.each(rows<{ exclude: string[]; include: string[]; subject: string }, { included: boolean }>('select'))(
    '%s',
    (_, { input, expect: { included } }) => expect(isSelected(input.subject, input)).toBe(included),
  );
});

interface Selecting {
  readonly exclude?: string[];
}

interface Selected {
  readonly scanned?: string[];
  readonly notScanned?: string[];
}

describeShared('misc_flux1.json', (directory) => {
  const rows = sharedCases(directory, 'misc_flux1')<Selecting, Selected>('pull_credentials');

  it('the images that are not scanned are those that are excluded', () => {
    for (const [, row] of rows) {
      const { exclude = [] } = row.input;
      const { scanned = [], notScanned = [] } = row.expect;
      for (const name of scanned) expect(isSelected(name, { exclude, include: [] })).toBe(true);
      for (const name of notScanned) expect(isSelected(name, { exclude, include: [] })).toBe(false);
    }
    expect(rows.length).toBeGreaterThan(0);
  });
});
