import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareVersions, parseStrictVersion, parseVersion, type Version } from '../../../lib/domain/images/version.ts';
import { isInRange, parseRange, type RangeRules } from '../../../lib/domain/images/version-range.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

const numbers = fc.tuple(fc.nat(12), fc.nat(12), fc.nat(12)).map((parts) => parts.join('.'));
const prerelease = fc.constantFrom('', '-alpha', '-alpha.1', '-1', '-beta', '-beta.11', '-rc.1');
const versionText = fc.tuple(fc.constantFrom('', 'v'), numbers, prerelease).map((parts) => parts.join(''));

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

it('the order of versions is a total order: antisymmetric and transitive', () => {
  fc.assert(
    fc.property(versionText, versionText, versionText, (a, b, c) => {
      const [x, y, z] = [version(a), version(b), version(c)];
      expect(Math.sign(compareVersions(x, y))).toBe(-Math.sign(compareVersions(y, x)) + 0);
      if (compareVersions(x, y) <= 0 && compareVersions(y, z) <= 0)
        expect(compareVersions(x, z)).toBeLessThanOrEqual(0);
    }),
  );
});

it.each([
  [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
  ],
  ['0.9.9', '1', '1.2', '1.10', '2.0.0', '10', '20221209123456789'],
])('versions in ascending order: %s …', (...ascending) => {
  for (const [index, text] of ascending.slice(1).entries()) {
    expect(compareVersions(version(ascending[index] ?? ''), version(text))).toBeLessThan(0);
  }
});

it.each([
  '',
  'v',
  'latest',
  '1.2.3.4',
  '1.2.3-',
  '1.2.3-01',
  '1.2.3+',
  ' 1.2.3',
  '1.2.3\n',
  'V1.2.3',
  '99999999999999999999',
])('%j is no version', (text) => expect(parseVersion(text)).toBeUndefined());

it.each<[string, string, boolean, boolean]>([
  // Release candidates in a range that names a pre-release at one end only.
  ['>=1.0.0 <2.0.0-0', '1.5.0-rc.1', false, true],
  ['>=1.0.0-0 <2.0.0-0', '1.5.0-rc.1', true, true],
  ['*-0', '1.5.0-rc.1', false, true],
  ['!=1.2.3', '1.2.4-beta', true, false],
  ['^0.0.1', '0.3.1', true, false],
  ['^0.1', '0.1.9', true, true],
  ['^0.1', '0.2.0', false, false],
  ['^0.1', '1.1.0', false, false],
  ['!=1', '1.5.0', false, false],
  ['!=1', '2.0.0', true, true],
  ['!=1.2', '1.3.0', true, true],
  ['!=1.2', '1.2.7', false, false],
  ['!=*', '0.0.1', true, true],
  ['!=*', '0.0.0', false, false],
  ['>*', '0.0.1', true, true],
  ['>*', '0.0.0', false, false],
])('%s holds %s: Flux v1 %s, Flux v2 %s', (range, text, flux1, flux2) => {
  expect(inRange(range, text, 'flux1')).toBe(flux1);
  expect(inRange(range, text, 'flux2')).toBe(flux2);
});

it.each([
  ['>=1.0<2.0', true, false],
  ['1.2.3,', true, false],
  ['1.2.3, ', true, false],
  ['>= 1 , < 2', true, true],
  ['', false, false],
  ['||', false, false],
  ['latest', false, false],
  ['1..2', false, false],
  ['x'.repeat(501), false, false],
])('the range %j is taken: Flux v1 %s, Flux v2 %s', (range, flux1, flux2) => {
  expect(parseRange(range, 'flux1') !== undefined).toBe(flux1);
  expect(parseRange(range, 'flux2') !== undefined).toBe(flux2);
});

it('no range makes the parser try for long', () => {
  const begin = performance.now();
  for (const text of [
    '1 '.repeat(249),
    `${'1'.repeat(499)}!`,
    ` ${' '.repeat(490)}!`,
    '1 - '.repeat(120),
    '1-1'.repeat(160),
  ]) {
    parseRange(text, 'flux1');
    parseRange(text, 'flux2');
  }
  expect(performance.now() - begin).toBeLessThan(500);
});

it('a span is what lies between its ends, and a caret and a tilde are spans', () => {
  fc.assert(
    fc.property(numbers, numbers, numbers, (low, high, text) => {
      const [l, h, t] = [version(low), version(high), version(text)];
      const between = compareVersions(l, t) <= 0 && compareVersions(t, h) <= 0;
      expect(inRange(`${low} - ${high}`, text, 'flux1')).toBe(between);
      expect(inRange(`>=${low}, <=${high}`, text, 'flux2')).toBe(between);
      if (inRange(`~${low}`, text, 'flux2') && low !== '0.0.0')
        expect(inRange(`^${low}`, text, 'flux2') || l.major === '0').toBe(true);
    }),
  );
});

function inRange(range: string, text: string, rules: RangeRules): boolean {
  const parsed = parseRange(range, rules);
  if (parsed === undefined) throw new Error(`${range} is no range`);
  return isInRange(version(text), parsed);
}

describeShared('semver_masterminds.json', (directory) => {
  const rows = sharedCases(directory, 'semver_masterminds');

  /** By whose rules a row has to hold: `3.1.1` is in Flux v1, `master` in Flux v2. */
  function rulesOf(row: unknown): readonly RangeRules[] {
    const { applies } = row as { readonly applies: readonly string[] };
    const rules = applies.map((release): RangeRules => (release === '3.1.1' ? 'flux1' : 'flux2'));
    expect(rules.length).toBeGreaterThan(0);
    return rules;
  }

  it.each(rows<{ constraint: string; version: string }, { ok: boolean }>('constraint_check'))('%s', (_, row) => {
    for (const rules of rulesOf(row)) {
      expect(inRange(row.input.constraint, row.input.version, rules), rules).toBe(row.expect.ok);
    }
  });

  it.each(rows<{ constraint: string }, { error: boolean }>('constraint_valid'))('%s', (_, row) => {
    for (const rules of rulesOf(row)) {
      expect(parseRange(row.input.constraint, rules) === undefined, rules).toBe(row.expect.error);
    }
  });

  it.each(rows<{ version: string }, { error: boolean }>('new_version'))('%s', (_, row) => {
    expect(parseVersion(row.input.version) === undefined).toBe(row.expect.error);
  });

  it.each(rows<{ version: string }, { error: boolean }>('strict_version'))('%s', (_, row) => {
    expect(parseStrictVersion(row.input.version) === undefined).toBe(row.expect.error);
  });

  it.each(rows<{ a: string; b: string }, { order: number }>('compare'))('%s', (_, row) => {
    expect(Math.sign(compareVersions(version(row.input.a), version(row.input.b)))).toBe(row.expect.order);
  });
});
