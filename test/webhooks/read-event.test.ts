import { describe, expect, it } from 'vitest';
import { readEvent } from '../../lib/webhooks/read-event.ts';
import { after, before } from './examples/example.ts';
import { fieldAt, paths, replaced } from './payload-fields.ts';

const digest = `sha256:${'4'.repeat(64)}`;
const envelope = { id: '13cde686-328b-6117-af20-0e5566167482', account: '123456789012', region: 'eu-west-1' };
const push = {
  ...envelope,
  source: 'aws.codecommit',
  'detail-type': 'CodeCommit Repository State Change',
  detail: {
    event: 'referenceUpdated',
    repositoryName: 'shop',
    referenceFullName: 'refs/heads/main',
    commitId: after,
    oldCommitId: before,
  },
};
const pushed = {
  kind: 'git',
  urls: [
    'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop',
    'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop',
  ],
  ref: 'refs/heads/main',
  before,
  after,
};
const image = {
  ...envelope,
  source: 'aws.ecr',
  'detail-type': 'ECR Image Action',
  detail: {
    result: 'SUCCESS',
    'action-type': 'PUSH',
    'repository-name': 'shop/web',
    'image-tag': '1.2.3',
    'image-digest': digest,
  },
};
const tagged = {
  kind: 'image',
  image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web',
  tag: '1.2.3',
  digest,
};

function withDetail(event: typeof push | typeof image, detail: object, more: object = {}): object {
  return { ...event, ...more, detail: { ...event.detail, ...detail } };
}

it.each([
  ['a push', push, pushed],
  [
    'a new branch',
    withDetail(push, { event: 'referenceCreated', oldCommitId: undefined }),
    { ...pushed, before: undefined },
  ],
  ['a tag', withDetail(push, { referenceFullName: 'refs/tags/v1' }), { ...pushed, ref: 'refs/tags/v1' }],
  ['an image', image, tagged],
  ['an image without a digest', withDetail(image, { 'image-digest': undefined }), { ...tagged, digest: undefined }],
  [
    'an image in China',
    withDetail(image, {}, { region: 'cn-north-1' }),
    { ...tagged, image: '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop/web' },
  ],
])('the event of %s becomes a change, named by its id', (_what, event, change) => {
  const present = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  expect(readEvent(event)).toEqual({ changes: [present], deliveryId: envelope.id });
});

it.each([
  ['a deleted branch', withDetail(push, { event: 'referenceDeleted', commitId: undefined })],
  ['a deleted image', withDetail(image, { 'action-type': 'DELETE' })],
  ['a push that failed', withDetail(image, { result: 'FAILURE' })],
  ['an image without a tag', withDetail(image, { 'image-tag': undefined })],
  ['another service', { ...push, source: 'aws.ec2' }],
  ['another kind of event', { ...image, 'detail-type': 'ECR Image Scan' }],
])('the event of %s is nothing to do', (_what, event) => {
  expect(readEvent(event)).toEqual({ status: 204, message: expect.stringMatching(/^Nothing to do: /) });
});

const optional = new Set(['detail.commitId', 'detail.oldCommitId', 'detail.image-digest']);

describe.each([push, image])('an event of $source', (event) => {
  it.each(paths(event))('without %s is of another shape, unless it may be left out', (path) => {
    for (const value of [undefined, null, 7, [], {}]) {
      const isObject = typeof fieldAt(event, path) === 'object';
      if (isObject && path !== 'detail') continue;
      const found = readEvent(replaced(event, path, value));
      const isAbsent = value === undefined || value === null;
      if (optional.has(path) && isAbsent) expect(found).toMatchObject({ deliveryId: envelope.id });
      else if (path === 'detail.image-tag' && isAbsent) expect(found).toMatchObject({ status: 204 });
      else expect(found).toMatchObject({ status: 422, message: expect.stringMatching(/^Cannot read the event: /) });
    }
  });
});

it.each([null, undefined, [], 'x', 0, {}, { Records: [] }])('%j is no event of EventBridge', (event) => {
  expect(readEvent(event)).toEqual({ status: 422, message: 'Cannot read the event: it is not what EventBridge sends' });
});
