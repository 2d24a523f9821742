import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { containersOf, isEditableKind, writesOf } from '../../../lib/domain/images/containers.ts';
import { byName } from '../../../lib/domain/images/helm-containers.ts';
import { formatImageRef, parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

function helmRelease(values: unknown, annotations: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: 'helm.fluxcd.io/v1',
    kind: 'HelmRelease',
    metadata: { name: 'shop', annotations },
    spec: { values },
  };
}

function imagesOf(object: KubeObject): readonly string[] {
  return containersOf(object).map(({ name, image }) => `${name}=${formatImageRef(image)}`);
}

it('containers go before init containers, and what is no reference is left out', () => {
  const spec = {
    initContainers: [{ name: 'setup', image: 'a:1' }],
    containers: [{ name: 'app', image: 'b:1' }, { name: 'bad', image: ':' }, { name: 'none' }],
  };
  const job = { jobTemplate: { spec: { template: { spec } } } };
  expect(imagesOf({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'x' }, spec: job })).toEqual([
    'app=b:1',
    'setup=a:1',
  ]);
  expect(imagesOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec })).toEqual(['app=b:1', 'setup=a:1']);
  expect(
    imagesOf({
      apiVersion: 'example.com/v1',
      kind: 'Deployment',
      metadata: { name: 'x' },
      spec: { template: { spec } },
    }),
  ).toEqual([]);
});

it('an image of Docker Hub leaves no registry where values have one', () => {
  const [container] = containersOf(helmRelease({ registry: 'r.io', image: 'a/b:1' }));
  if (container === undefined) throw new Error('no container');
  expect(writesOf(container, parseImageRef('nginx:2')).map(({ value }) => value)).toEqual(['', 'nginx:2']);
});

it.each(['Deployment', 'DaemonSet', 'StatefulSet', 'CronJob', 'HelmRelease', 'cronjob'])(
  'images of a %s may be changed',
  (kind) => {
    expect(isEditableKind(kind)).toBe(true);
  },
);

it.each(['Job', 'Pod', 'ReplicaSet', 'Rollout', 'Service'])('images of a %s are only shown', (kind) => {
  expect(isEditableKind(kind)).toBe(false);
});

it.each([
  ['image', { image: 'a/b:1' }, 'a/b:1', { image: 'a/b:2' }],
  ['image and tag', { image: 'a/b', tag: '1' }, 'a/b:1', { image: 'a/b', tag: '2' }],
  ['registry and image', { registry: 'r.io', image: 'a/b:1' }, 'r.io/a/b:1', { registry: 'r.io', image: 'a/b:2' }],
  [
    'registry, image, tag',
    { registry: 'r.io', image: 'b', tag: '1' },
    'r.io/b:1',
    { registry: 'r.io', image: 'b', tag: '2' },
  ],
  [
    'a registry with a path',
    { registry: 'r.io/team', image: 'b', tag: '1' },
    'r.io/team/b:1',
    { registry: 'r.io/team', image: 'b', tag: '2' },
  ],
  [
    'a registry that is no host',
    { registry: 'acme', image: 'b', tag: '1' },
    'acme/b:1',
    { registry: 'acme', image: 'b', tag: '2' },
  ],
  ['image.repository', { image: { repository: 'a/b:1' } }, 'a/b:1', { image: { repository: 'a/b:2' } }],
  [
    'image.repository and tag',
    { image: { repository: 'a/b', tag: '1' } },
    'a/b:1',
    { image: { repository: 'a/b', tag: '2' } },
  ],
  [
    'a tag that is a number',
    { image: { repository: 'a/b', tag: 1.6 } },
    'a/b',
    { image: { repository: 'a/b', tag: '2' } },
  ],
  ['tag and digest', { image: 'a/b', tag: '1@sha256:aa' }, 'a/b:1@sha256:aa', { image: 'a/b', tag: '2@sha256:aa' }],
])('the shape "%s" is read and written back in its parts', (_, values, image, after) => {
  for (const [name, all, wanted] of [
    ['chart-image', values, after],
    ['web', { web: values }, { web: after }],
  ] as const) {
    const [container] = containersOf(helmRelease(all));
    expect(container).toMatchObject({ name });
    if (container === undefined) return;
    expect(formatImageRef(container.image)).toBe(image);
    const changed = structuredClone(all) as Record<string, unknown>;
    for (const { path, value } of writesOf(container, { ...container.image, tag: '2' }))
      setAt(changed, path.slice(2), value);
    expect(changed).toEqual(wanted);
  }
});

it('values two levels down, lists, and empty parts are no containers', () => {
  expect(
    imagesOf(
      helmRelease({
        a: { b: { image: 'a:1' } },
        list: [{ image: 'a:1' }],
        c: { image: 'a', tag: '' },
        d: { image: 3 },
      }),
    ),
  ).toEqual([]);
});

it('an alias wins over what is found by itself, needs a repository, and everything it names', () => {
  const values = { web: { image: 'found:1' }, deep: { er: { repo: 'aliased', version: '2' } } };
  expect(
    imagesOf(
      helmRelease(values, { 'repository.fluxcd.io/web': 'deep.er.repo', 'tag.fluxcd.io/web': 'deep.er.version' }),
    ),
  ).toEqual(['web=aliased:2']);
  expect(
    imagesOf(helmRelease(values, { 'repository.fluxcd.io/web': 'deep.er.repo', 'tag.fluxcd.io/web': 'deep.er.none' })),
  ).toEqual(['web=found:1']);
  expect(imagesOf(helmRelease(values, { 'tag.fluxcd.io/other': 'deep.er.version' }))).toEqual(['web=found:1']);
});

function setAt(target: Record<string, unknown>, path: readonly (string | number)[], value: unknown): void {
  const last = path.at(-1) ?? '';
  let map = target;
  for (const key of path.slice(0, -1)) map = map[key] as Record<string, unknown>;
  map[last] = value;
}

describeShared('helmrelease_image_locations.json', (directory) => {
  const rows = sharedCases(directory, 'helmrelease_image_locations');

  interface Found {
    readonly containers: readonly { readonly name: string; readonly image: string }[];
    readonly after?: readonly { readonly name: string; readonly image: string }[];
  }

  function objectOf(document: string): KubeObject {
    return parse(document, { uniqueKeys: false });
  }

  function found(object: KubeObject): Found['containers'] {
    return containersOf(object).map(({ name, image }) => ({ name, image: formatImageRef(image) }));
  }

  it.each(rows<{ names: string[] }, { names: string[] }>('sort'))('%s', (_, { input, expect: { names } }) => {
    expect([...input.names].sort(byName)).toEqual(names);
    expect([...input.names].reverse().sort(byName)).toEqual(names);
  });

  it.each(rows<{ document: string }, Found>('find'))('%s', (_, { input, expect: { containers } }) => {
    expect(found(objectOf(input.document))).toEqual(containers ?? []);
  });

  it.each(rows<{ document: string; set: { container: string; image: string } }, Found>('find_set'))(
    '%s',
    (_, { input, expect: expected }) => {
      const object = objectOf(input.document);
      expect(found(object)).toEqual(expected.containers);
      const container = containersOf(object).find(({ name }) => name === input.set.container);
      if (container === undefined) throw new Error(`there is no ${input.set.container}`);
      for (const { path, value } of writesOf(container, parseImageRef(input.set.image))) {
        setAt(object as Record<string, unknown>, path, value);
      }
      expect(found(object)).toEqual(expected.after);
    },
  );
});
