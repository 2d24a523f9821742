import { expect, it } from 'vitest';
import { annotationChanges, filterOf, isOn, policiesOf } from '../../../lib/domain/images/policies.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

it('both prefixes and the filter form are read, and the new prefix wins', () => {
  const policies = policiesOf({
    'flux.weave.works/automated': 'true',
    'fluxcd.io/automated': 'false',
    'flux.weave.works/locked': 'true',
    'filter.fluxcd.io/app': 'semver:~1',
    'tag.fluxcd.io/app': 'image.tag',
    'fluxcd.io/ignore': 'sync_only',
    'prometheus.io/scrape': 'true',
  });
  expect([...policies]).toEqual([
    ['automated', 'false'],
    ['locked', 'true'],
    ['tag.app', 'semver:~1'],
    ['ignore', 'sync_only'],
  ]);
  expect([isOn(policies, 'automated'), isOn(policies, 'locked'), isOn(policies, 'ignore')]).toEqual([
    false,
    true,
    false,
  ]);
});

it.each([
  ['a new key has the new prefix', {}, { add: { automated: 'true' }, remove: [] }, [['fluxcd.io/automated', 'true']]],
  [
    'a key that is there keeps its prefix',
    { 'flux.weave.works/automated': 'false' },
    { add: { automated: 'true' }, remove: [] },
    [['flux.weave.works/automated', 'true']],
  ],
  [
    'a filter in its own form keeps it',
    { 'filter.fluxcd.io/app': 'glob:*' },
    { add: { 'tag.app': 'semver:~1' }, remove: [] },
    [['filter.fluxcd.io/app', 'semver:~1']],
  ],
  [
    'what is removed goes under every prefix',
    { 'flux.weave.works/automated': 'true', 'fluxcd.io/automated': 'true' },
    { add: { automated: 'true' }, remove: ['automated'] },
    [
      ['fluxcd.io/automated', undefined],
      ['flux.weave.works/automated', undefined],
    ],
  ],
  ['what is not there needs no removal', {}, { add: {}, remove: ['locked', 'tag.app'] }, []],
  [
    'tag_all sets the filter of every container',
    { 'filter.fluxcd.io/b': 'glob:x' },
    { add: { tag_all: 'semver:~1' }, remove: [] },
    [
      ['fluxcd.io/tag.a', 'semver:~1'],
      ['filter.fluxcd.io/b', 'semver:~1'],
    ],
  ],
  [
    'tag_all with * removes the filters',
    { 'fluxcd.io/tag.a': 'glob:x' },
    { add: { tag_all: '*' }, remove: [] },
    [['fluxcd.io/tag.a', undefined]],
  ],
])('%s', (_, annotations, update, expected) => {
  expect([...annotationChanges(annotations as Record<string, string>, ['a', 'b'], update)]).toEqual(expected);
});

it('a filter that cannot be read is not written', () => {
  expect(() => annotationChanges({}, ['app'], { add: { 'tag.app': 'semver:no' }, remove: [] })).toThrow(
    'Cannot set the policy "tag.app": the filter "semver:no" cannot be read',
  );
});

describeShared('tag_policies_flux1.json', (directory) => {
  interface Asking {
    readonly policies: Readonly<Record<string, string>> | null;
    readonly container: string;
  }

  it.each(sharedCases(directory, 'tag_policies_flux1')<Asking, { pattern: string }>('get_pattern'))(
    '%s',
    (_, { input: { policies, container }, expect: { pattern } }) => {
      expect(filterOf(new Map(Object.entries(policies ?? {})), container).text).toBe(pattern);
    },
  );
});
