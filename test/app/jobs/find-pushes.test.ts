import { expect, it } from 'vitest';
import { findPushes } from '../../../lib/app/jobs/find-pushes.ts';
import type { GitChange } from '../../../lib/domain/jobs/change.ts';
import { commit, targetsOf } from './job-world.ts';

const targets = targetsOf(
  { name: 'shop' },
  { name: 'shop-next', source: { url: 'ssh://git@github.com/acme/shop', branch: 'next' } },
  { name: 'shop-ssh', source: { url: 'git@GitHub.com:Acme/Shop.git', branch: 'main' } },
  { name: 'other', source: { url: 'https://github.com/acme/other', branch: 'main' } },
);

function push(ref: string, ...urls: readonly string[]): GitChange {
  return { kind: 'git', urls, ref, after: commit('b') };
}

function found(...changes: Parameters<typeof findPushes>[0]): readonly string[] {
  return findPushes(changes, targets).map(({ target, change }) => `${target.name} ${change.ref}`);
}

it.each([
  [['https://github.com/acme/shop'], 'refs/heads/main', ['shop', 'shop-ssh']],
  [['ssh://git@github.com:443/acme/shop.git/'], 'refs/heads/next', ['shop-next']],
  [['https://github.com/acme/shop', 'git@github.com:acme/shop.git'], 'refs/heads/main', ['shop', 'shop-ssh']],
  [['https://github.com/acme/shop', 'https://github.com/acme/other'], 'refs/heads/main', ['shop', 'shop-ssh', 'other']],
  [['https://github.com/acme/shop'], 'refs/tags/main', []],
  [['https://github.com/acme/shop'], 'main', []],
  [['https://gitlab.com/acme/shop'], 'refs/heads/main', []],
  [['no address', ''], 'refs/heads/main', []],
  [[], 'refs/heads/main', []],
])('a push to %j of %s concerns %j', (urls, ref, names) => {
  expect(found(push(ref, ...urls))).toEqual(names.map((name) => `${name} ${ref}`));
});

it('of several changes of one target the last one counts, in the order of their first', () => {
  const first = push('refs/heads/main', 'https://github.com/acme/shop');
  const second = { ...push('refs/heads/main', 'https://github.com/acme/shop'), after: commit('c') };
  const pushes = findPushes([first, push('refs/heads/next', 'https://github.com/acme/shop'), second], targets);
  expect(pushes.map(({ target, change }) => [target.name, change.after?.[0]])).toEqual([
    ['shop', 'c'],
    ['shop-ssh', 'c'],
    ['shop-next', 'b'],
  ]);
});

it('pull requests and images concern no target yet', () => {
  const urls = ['https://github.com/acme/shop'];
  const head = { urls, ref: 'refs/heads/prices' };
  expect(
    found(
      { kind: 'pull-request', urls, number: 7, event: 'opened', base: 'refs/heads/main', head },
      { kind: 'image', image: 'ghcr.io/acme/shop', tag: '1' },
    ),
  ).toEqual([]);
});

it('another set of targets has an index of its own', () => {
  const change = push('refs/heads/main', 'https://github.com/acme/shop');
  expect(findPushes([change], targets)).toHaveLength(2);
  expect(findPushes([change], targetsOf({ name: 'only' })).map(({ target }) => target.name)).toEqual(['only']);
});
