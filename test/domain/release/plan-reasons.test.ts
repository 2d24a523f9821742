import { expect, it } from 'vitest';
import { parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import { policiesOf } from '../../../lib/domain/images/policies.ts';
import { planRelease } from '../../../lib/domain/release/plan-release.ts';
import type { ContainersSpec, ImageSpec } from '../../../lib/domain/release/release-spec.ts';
import type { ReleaseWorld } from '../../../lib/domain/release/release-world.ts';

const id = 'shop:deployment/web';
const app = { name: 'app', image: parseImageRef('acme/app:1') };
const latest: ImageSpec = { type: 'image', workloads: ['<all>'], image: '<all latest>', excludes: [], force: false };

function world(more: Partial<ReleaseWorld> = {}, annotations: Record<string, string> = {}): ReleaseWorld {
  return {
    defined: [{ id, policies: policiesOf({ 'fluxcd.io/automated': 'true', ...annotations }), containers: [app] }],
    running: new Map([[id, { containers: [app] }]]),
    images: new Map(),
    ...more,
  };
}

function tags(...names: readonly string[]): ReleaseWorld['images'] {
  const images = new Map(names.map((tag) => [tag, { tag, created: 1 }]));
  return new Map([['index.docker.io/acme/app', { tags: [...names, 'unread'], images }]]);
}

it('automation says of a repository that was not asked, and of a time that is not known, that it cannot choose', () => {
  expect(planRelease({ type: 'auto' }, world()).get(id)?.error).toBe('app: cannot find one or more images');
  const images = new Map(['0', '1'].map((tag) => [tag, { tag }]));
  const unknown = new Map([['index.docker.io/acme/app', { tags: ['0', '1'], images }]]);
  expect(planRelease({ type: 'auto' }, world({ images: unknown })).get(id)?.error).toMatch(
    /when "acme\/app:1" was created/,
  );
  const known = new Map([
    [
      'index.docker.io/acme/app',
      {
        tags: ['2'],
        images: new Map([
          ['2', { tag: '2' }],
          ['1', { tag: '1', created: 1 }],
        ]),
      },
    ],
  ]);
  expect(planRelease({ type: 'auto' }, world({ images: known })).get(id)?.error).toMatch(/when "2" was created/);
});

it('a release of the newest images skips what it cannot read, and what git has under way', () => {
  expect(planRelease(latest, world({ images: tags('2') })).get(id)?.error).toBe('cannot find one or more images');
  const only = { 'fluxcd.io/tag.app': 'glob:2' };
  expect(planRelease(latest, world({ images: tags('2') }, only)).get(id)?.status).toBe('success');
  const other = { id, policies: policiesOf(only), containers: [{ name: 'other', image: app.image }] };
  const result = planRelease(latest, world({ images: tags('2'), defined: [other] }));
  expect(result.get(id)?.error).toBe('not found in repository');
});

it('a workload without containers is not accessible, and one that is not running is neither', () => {
  const image: ImageSpec = { ...latest, image: 'acme/app:2' };
  const empty = new Map([[id, { containers: [] }]]);
  expect(planRelease(image, world({ images: tags('2'), running: empty })).get(id)?.error).toBe(
    'not accessible in cluster',
  );
  expect(planRelease(image, world({ images: tags('2'), running: new Map() })).get(id)?.error).toBe(
    'not accessible in cluster',
  );
});

it('named containers are refused where they are not there, and may be passed over where they have another image', () => {
  const spec = (container: string, skipMismatches: boolean): ContainersSpec => ({
    type: 'containers',
    containers: { [id]: [{ container, current: 'acme/app:0', target: 'acme/app:2' }] },
    skipMismatches,
    force: false,
  });
  expect(() => planRelease(spec('none', false), world())).toThrow('container(s) not found: none');
  expect(() => planRelease(spec('app', false), world())).toThrow('container(s) tag mismatch: app');
  expect(() => planRelease(spec('app', true), world())).toThrow('no changes found');
});
