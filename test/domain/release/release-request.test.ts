import { expect, it } from 'vitest';
import { type ReleaseRequest, readReleaseRequest } from '../../../lib/domain/release/release-request.ts';

const request: ReleaseRequest = {
  workloads: [],
  all: false,
  allImages: false,
  exclude: [],
  force: false,
  dryRun: false,
  watch: false,
  namespace: 'shop',
};

it('workloads are named in full, or in the namespace of the request', () => {
  const workloads = ['deployment/web', 'ops:daemonset/logs'];
  expect(readReleaseRequest({ ...request, workloads, image: 'acme/app:2', exclude: ['deployment/db'] })).toEqual({
    spec: {
      type: 'image',
      workloads: ['shop:deployment/web', 'ops:daemonset/logs'],
      image: 'acme/app:2',
      excludes: ['shop:deployment/db'],
      force: false,
    },
    plan: false,
    warnings: [],
  });
});

it('all workloads and all images are words of the spec', () => {
  expect(readReleaseRequest({ ...request, all: true, allImages: true, dryRun: true })).toMatchObject({
    spec: { workloads: ['<all>'], image: '<all latest>' },
    plan: true,
  });
});

const [one, image] = [{ workloads: ['deployment/web'] }, { image: 'acme/app:2' }];

it.each([
  ['no image', one, 'exactly one of --update-image and --update-all-images is needed'],
  ['both', { ...one, ...image, allImages: true }, 'exactly one of --update-image and --update-all-images is needed'],
  ['no workload', image, 'neither --all nor a --workload is given'],
  ['a watched dry run', { ...one, ...image, watch: true, dryRun: true }, 'there is nothing to --watch in a --dry-run'],
  [
    'force over everything',
    { all: true, allImages: true, force: true },
    '--force means nothing with --all and --update-all-images',
  ],
])('%s is refused', (_, fields, message) => {
  expect(() => readReleaseRequest({ ...request, ...fields })).toThrow(
    expect.objectContaining({
      fault: 'user',
      message: `Cannot release: ${message}`,
      help: 'Run "sluice help release"',
    }),
  );
});

it.each([
  [{ all: true, ...image }, ['--force does not ignore locks together with --all']],
  [{ ...one, allImages: true }, ['--force does not ignore filters together with --update-all-images']],
  [{ ...one, ...image }, []],
])('what force does not do is said: %j', (fields, warnings) => {
  expect(readReleaseRequest({ ...request, ...fields, force: true }).warnings).toEqual(warnings);
});
