import { expect, it } from 'vitest';
import { type ReleaseRequest, readReleaseRequest } from '../../../lib/domain/release/release-request.ts';

const request: ReleaseRequest = {
  workloads: ['deployment/web'],
  all: false,
  image: 'acme/web:2',
  allImages: false,
  exclude: ['other:deployment/db'],
  force: false,
  dryRun: false,
  watch: false,
  namespace: 'shop',
};
const { image: _, ...withoutImage } = request;

it('names workloads in its namespace, or means all of them', () => {
  expect(readReleaseRequest(request)).toEqual({
    spec: {
      type: 'image',
      workloads: ['shop:deployment/web'],
      image: 'acme/web:2',
      excludes: ['other:deployment/db'],
      force: false,
    },
    plan: false,
    warnings: [],
  });
  expect(readReleaseRequest({ ...withoutImage, all: true, allImages: true, dryRun: true })).toMatchObject({
    spec: { workloads: ['<all>'], image: '<all latest>' },
    plan: true,
  });
});

it.each([
  [{ all: true }, '--force does not ignore locks together with --all'],
  [{ image: undefined, allImages: true }, '--force does not ignore filters together with --update-all-images'],
])('warns of what force does not do with %o', (more, warning) => {
  const { image, ...rest } = { ...request, force: true, ...more };
  expect(readReleaseRequest({ ...rest, ...(image !== undefined && { image }) }).warnings).toEqual([warning]);
});

it.each<[string, ReleaseRequest, string]>([
  ['both an image and all', { ...request, allImages: true }, 'exactly one of --update-image'],
  ['neither', withoutImage, 'exactly one of --update-image'],
  ['no workload', { ...request, workloads: [] }, 'neither --all nor a --workload'],
  ['a watch of nothing', { ...request, watch: true, dryRun: true }, 'nothing to --watch'],
  ['force for everything', { ...withoutImage, allImages: true, all: true, force: true }, '--force means nothing'],
  ['an image without a tag', { ...request, image: 'acme/web' }, 'it has no tag'],
])('is refused with %s', (_, given, state) => {
  expect(() => readReleaseRequest(given)).toThrow(state);
});
