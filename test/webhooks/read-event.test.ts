import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readEvent } from '../../lib/webhooks/read-event.ts';
import { describeShared } from '../shared.ts';

const commit = 'a'.repeat(40);
const event = {
  source: 'aws.codecommit',
  region: 'us-east-2',
  detail: {
    event: 'referenceUpdated',
    repositoryName: 'shop',
    referenceFullName: 'refs/heads/main',
    commitId: commit,
    oldCommitId: 'b'.repeat(40),
  },
};
const urls = [
  'https://git-codecommit.us-east-2.amazonaws.com/v1/repos/shop',
  'ssh://git-codecommit.us-east-2.amazonaws.com/v1/repos/shop',
];

it('an update of a reference in CodeCommit is a change of that repository in that region', () => {
  expect(readEvent(event)).toEqual([
    { kind: 'git', urls, ref: 'refs/heads/main', before: 'b'.repeat(40), after: commit },
  ]);
});

it.each([
  ['a deleted reference', { ...event, detail: { ...event.detail, event: 'referenceDeleted' } }],
  ['an event of another service', { ...event, source: 'aws.s3' }],
  ['a region that is no name', { ...event, region: 'evil.example/#' }],
  ['no detail', { ...event, detail: null }],
  ['nothing', undefined],
])('%s changes nothing', (_, other) => {
  expect(readEvent(other)).toEqual([]);
});

describeShared('the events in the documentation of CodeCommit', (shared) => {
  it.each([
    ['referenceCreated', 1],
    ['referenceUpdated', 1],
    ['referenceDeleted', 0],
  ])('%s is %i change', (name, count) => {
    const text = readFileSync(join(shared, `payloads/codecommit-${name}.json`), 'utf8');
    expect(readEvent(JSON.parse(text).body)).toHaveLength(count);
  });
});
