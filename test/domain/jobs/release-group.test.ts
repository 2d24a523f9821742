import { expect, it } from 'vitest';
import { releaseGroup } from '../../../lib/domain/jobs/release-group.ts';

it.each([
  ['https://github.com/acme/shop.git', 'github.com/acme/shop#main'],
  ['git@GitHub.com:acme/shop', 'github.com/acme/shop#main'],
  ['no address', 'no address#main'],
])('what is written to at %s is %s', (url, group) => {
  expect(releaseGroup({ url, branch: 'main' })).toBe(group);
});
