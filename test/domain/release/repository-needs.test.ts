import { expect, it } from 'vitest';
import { parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import { repositoryNeeds } from '../../../lib/domain/release/repository-needs.ts';

function workload(id: string, policies: Record<string, string>, ...images: readonly string[]) {
  const containers = images.map((image, index) => ({ name: `c${index}`, image: parseImageRef(image) }));
  return { id, policies: new Map(Object.entries(policies)), containers };
}

it('of each repository the filters that choose among its tags are needed, and the tags that are in use', () => {
  const needs = repositoryNeeds([
    workload('a', { 'tag.c0': 'semver:~1' }, 'nginx:1.0', 'quay.io/acme/app'),
    workload('b', { 'tag.c0': 'semver:~1' }, 'docker.io/library/nginx:1.1', 'nginx:1.0'),
  ]);
  const texts = [...needs].map(([name, { filters, current }]) => [name, filters.map(({ text }) => text), current]);
  expect(texts).toEqual([
    ['index.docker.io/library/nginx', ['semver:~1', 'glob:*'], ['1.0', '1.1']],
    ['quay.io/acme/app', ['glob:*'], []],
  ]);
});
