import { expect, it } from 'vitest';
import { parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import { chooseImages } from '../../../lib/domain/release/choose-policies.ts';
import { markedResults } from '../../../lib/domain/release/marked-results.ts';
import { type ContainerUpdate, updated, without } from '../../../lib/domain/release/release-result.ts';
import { mergeResults, releasedChanges, releasedObjects } from '../../../lib/domain/release/target-results.ts';

function update(target: string, downgrade = false): ContainerUpdate {
  const image = parseImageRef(target);
  return { container: 'app', current: parseImageRef('acme/web:1'), target: image, ...(downgrade && { downgrade }) };
}

const staging = new Map([
  ['a:deployment/web', updated([update('acme/web:2')])],
  ['a:deployment/api', without('ignored', 'not included')],
  ['a:deployment/db', updated([update('acme/db:2', true)], 'other: pinned')],
]);
const production = new Map([
  ['a:deployment/web', updated([update('acme/web:3')])],
  ['a:deployment/api', updated([update('acme/api:2')])],
  ['a:deployment/db', without('failed', 'Cannot edit')],
]);
const targets = [
  { target: 'staging', results: staging },
  { target: 'production', results: production },
];

it('what became of workloads is told failures first, and counted', () => {
  const objects = releasedObjects(targets);
  expect(objects.map(({ id, action, release }) => [release?.target, id, action])).toEqual([
    ['production', 'a:deployment/db', 'failed'],
    ['staging', 'a:deployment/web', 'configured'],
    ['staging', 'a:deployment/db', 'configured'],
    ['production', 'a:deployment/web', 'configured'],
    ['production', 'a:deployment/api', 'configured'],
    ['staging', 'a:deployment/api', 'unchanged'],
  ]);
  expect(objects[2]).toEqual({
    id: 'a:deployment/db',
    action: 'configured',
    error: 'other: pinned',
    release: {
      target: 'staging',
      status: 'success',
      containers: [{ container: 'app', current: 'acme/web:1', target: 'acme/db:2', downgrade: true }],
    },
  });
  expect(releasedChanges(targets)).toMatchObject({ configured: 4, unchanged: 1, failed: 1, skipped: 0 });
});

it('a workload of several targets has the updates of all that could be made', () => {
  const merged = mergeResults(targets);
  const images = [...merged].map(([id, { containers }]) => [id, containers.map(({ target }) => target.tag)]);
  expect(Object.fromEntries(images)).toEqual({
    'a:deployment/web': ['2', '3'],
    'a:deployment/api': ['2'],
    'a:deployment/db': ['2'],
  });
});

it('what was changed at markers is told by policy, whichever part was marked', () => {
  const chosen = new Map([
    ['flux:web', parseImageRef('acme/web:2')],
    ['flux:api', parseImageRef('acme/api:2')],
    ['flux:db', parseImageRef('acme/db:2')],
    ['flux:odd', parseImageRef('acme/odd:2')],
  ]);
  const marked = [
    { setter: 'flux:web', old: 'acme/web:1', new: 'acme/web:2' },
    { setter: 'flux:web:tag', old: '1', new: '2' },
    { setter: 'flux:api:tag', old: '1', new: '2' },
    { setter: 'flux:db:digest', old: `sha256:${'a'.repeat(64)}`, new: 'sha256:b' },
    { setter: 'flux:odd', old: ':', new: 'acme/odd:2' },
    { setter: 'flux:none', old: '1', new: '2' },
    { setter: 'none', old: '1', new: '2' },
  ];
  const results = [...markedResults(marked, chosen)].map(([id, { containers }]) => [id, containers[0]?.current]);
  expect(results).toEqual([
    ['flux:imagepolicy/web', parseImageRef('acme/web:1')],
    ['flux:imagepolicy/api', parseImageRef('acme/api:1')],
    ['flux:imagepolicy/db', parseImageRef(`acme/db@sha256:${'a'.repeat(64)}`)],
    ['flux:imagepolicy/odd', parseImageRef('acme/odd:2')],
  ]);
});

it('a policy takes a tag of the repository that was asked, with its digest if it wants that and it is known', () => {
  const choice = { policy: { semver: { range: '1.x' } }, filterTags: undefined };
  const policy = (id: string, image: string, withDigest = false) => ({ id, image, choice, withDigest });
  const policies = [
    policy('a:web', 'acme/web:9', true),
    policy('a:api', 'quay.io/acme/api'),
    policy('a:none', 'acme/none'),
    policy('a:old', 'acme/old'),
  ];
  const digest = `sha256:${'a'.repeat(64)}`;
  const repositories = new Map([
    ['index.docker.io/acme/web', { tags: ['1.0.0', '1.1.0'], images: new Map([['1.1.0', { tag: '1.1.0', digest }]]) }],
    ['quay.io/acme/api', { tags: ['1.0.0'], images: new Map() }],
    ['index.docker.io/acme/old', { tags: ['0.1.0'], images: new Map() }],
  ]);
  const { images, failures } = chooseImages([{ workloads: [], policies }], repositories);
  expect(Object.fromEntries(images)).toEqual({
    'a:web': { path: 'acme/web', tag: '1.1.0', digest },
    'a:api': { domain: 'quay.io', path: 'acme/api', tag: '1.0.0' },
  });
  expect([...failures].map(([id, { fault }]) => [id, fault])).toEqual([['a:old', 'missing']]);
});
