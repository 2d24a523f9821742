import { expect, it } from 'vitest';
import { chooseTag, extractTags, parseTagChoice } from '../../../lib/domain/images/image-policy.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

function choose(spec: unknown, tags: readonly string[]): string {
  return chooseTag(parseTagChoice(spec), tags);
}

it.each([
  ['$1', 'v1-x', '1'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Go's template, not one of JavaScript
  ['${1}x', 'v1-x', '1x'],
  ['$1x', 'v1-x', ''],
  ['$$1', 'v1-x', '$1'],
  ['$rest.$9.$none', 'v1-x', 'x..'],
  ['$', 'v1-x', '$'],
  ['$2', 'v1-x', 'x'],
])('the template %j makes of %s the value %j', (extract, tag, value) => {
  expect([...extractTags({ pattern: '^v(\\d+)-(?P<rest>.*)$', extract }, [tag]).keys()]).toEqual([value]);
});

it('a tag is strict in Flux v2, but for a leading v', () => {
  const spec = { policy: { semver: { range: '>=1.0.0' } } };
  expect(choose(spec, ['1.2', '2', 'v1.1.0', '1.0.0', 'v01.2.0', 'latest'])).toBe('v1.1.0');
});

it.each([
  [{ policy: { semver: { range: 'x1' } } }, 'semver.range "x1" is no version range'],
  [{ policy: { alphabetical: { order: 'up' } } }, 'policy.alphabetical.order: '],
  [{ policy: {} }, 'policy names none of semver, alphabetical and numerical'],
  [{}, 'policy: '],
  [null, 'spec: '],
  [
    { policy: { semver: { range: '1' } }, filterTags: { pattern: 'a'.repeat(1001) } },
    `filterTags.pattern "${'a'.repeat(1001)}" is no regular expression of Go`,
  ],
  [
    { policy: { semver: { range: '1' } }, filterTags: { pattern: '(' } },
    'filterTags.pattern "(" is no regular expression of Go',
  ],
])('%j is refused, and the message says why', (spec, why) => {
  expect(() => parseTagChoice(spec)).toThrow(`Cannot use the ImagePolicy: ${why}`);
});

it('a group that took no part is empty, and a tag that the filter does not take is left out', () => {
  expect([...extractTags({ pattern: '^(?:v(\\d+)|main)$', extract: 'n$1' }, ['main', 'v2', 'x']).keys()]).toEqual([
    'n',
    'n2',
  ]);
  const policy = { alphabetical: { order: 'asc' } };
  expect(choose({ policy, filterTags: { pattern: '^v' } }, ['v1', 'x'])).toBe('v1');
  expect(() => choose({ policy, filterTags: { pattern: '^w' } }, ['v1', 'x'])).toThrow(
    'the policy takes none of 2 tags',
  );
});

it('no tag that the policy takes is a missing tag, not a wrong policy', () => {
  const act = () => choose({ policy: { semver: { range: '>=3' } } }, ['1.0.0', '2.0.0']);
  expect(act).toThrow(
    expect.objectContaining({ fault: 'missing', message: 'Cannot choose a tag: the policy takes none of 2 tags' }),
  );
});

describeShared('tag_policies_flux2.json', (directory) => {
  const rows = sharedCases(directory, 'tag_policies_flux2');

  interface Outcome {
    readonly error?: boolean;
    readonly tag?: string;
  }

  function expectOutcome(act: () => string, { error, tag }: Outcome): void {
    if (error) expect(act).toThrow(/^Cannot (?:use the ImagePolicy|choose a tag): /);
    else expect(act()).toBe(tag);
  }

  function isRefused(policy: unknown): boolean {
    try {
      parseTagChoice({ policy });
      return false;
    } catch {
      return true;
    }
  }

  it.each(rows<{ range: string }, Outcome>('new_semver'))('%s', (_, row) => {
    expect(isRefused({ semver: { range: row.input.range } })).toBe(row.expect.error);
  });

  for (const kind of ['alphabetical', 'numerical'] as const) {
    it.each(rows<{ order: string }, Outcome>(`new_${kind}`))('%s', (_, row) => {
      expect(isRefused({ [kind]: { order: row.input.order } })).toBe(row.expect.error);
    });

    it.each(rows<{ order: string; tags: string[] }, Outcome>(`${kind}_latest`))('%s', (_, row) => {
      const { order, tags } = row.input;
      for (const given of [tags, [...tags].reverse()]) {
        expectOutcome(() => choose({ policy: { [kind]: { order } } }, given), row.expect);
      }
    });
  }

  it.each(rows<{ range: string; tags: string[] }, Outcome>('semver_latest'))('%s', (_, row) => {
    expectOutcome(() => choose({ policy: { semver: { range: row.input.range } } }, row.input.tags), row.expect);
  });

  it.each(rows<{ tags: string[]; pattern: string; extract: string }, { error?: boolean; values: string[] }>('filter'))(
    '%s',
    (_, { input, expect: expected }) => {
      if (expected.error) expect(() => extractTags(input, input.tags)).toThrow(/^Cannot use the ImagePolicy/);
      else expect([...extractTags(input, input.tags).keys()].sort()).toEqual(expected.values);
    },
  );

  it.each(rows<{ policy: unknown }, Outcome>('from_spec'))('%s', (_, row) => {
    expect(isRefused(row.input.policy)).toBe(row.expect.error);
  });

  it.each(rows<{ policy: unknown; filterTags: unknown; tags: string[] }, Outcome>('apply_policy'))('%s', (_, row) => {
    const { policy, filterTags, tags } = row.input;
    expectOutcome(() => choose({ policy, filterTags }, tags), row.expect);
  });
});
