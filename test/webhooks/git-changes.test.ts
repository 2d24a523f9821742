import { expect, it } from 'vitest';
import { gitChanges } from '../../lib/webhooks/git-changes.ts';

const sha1 = '95790bf891e76fee5e1747ab589903a6a1f80f22';
const sha256 = `${sha1}95790bf891e76fee5e1747ab`;

it.each([
  [sha1, sha256, [{ before: sha1, after: sha256 }]],
  [undefined, undefined, [{}]],
  ['0'.repeat(40), sha1, [{ after: sha1 }]],
  ['0'.repeat(64), sha256, [{ after: sha256 }]],
  [sha1, '0'.repeat(40), []],
  [sha1, '0'.repeat(64), []],
  ['HEAD', sha1.slice(1), [{}]],
  ['', '', [{}]],
  [`${sha1}\n`, sha1.toUpperCase(), [{}]],
])('an update from %j to %j is %j', (before, after, expected) => {
  const update = { urls: ['https://github.com/acme/shop'], ref: 'refs/heads/main' };
  expect(gitChanges({ ...update, before, after })).toEqual(expected.map((ids) => ({ kind: 'git', ...update, ...ids })));
});
