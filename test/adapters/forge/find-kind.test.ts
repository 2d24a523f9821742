import { expect, it } from 'vitest';
import { findKind } from '../../../lib/adapters/forge/find-kind.ts';
import { kinds } from '../../../lib/adapters/forge/kinds.ts';

it.each([
  ['https://github.com', 'github'],
  ['https://github.acme.io', 'github'],
  ['https://gitlab.com', 'gitlab'],
  ['https://gitlab.acme.io:8443', 'gitlab'],
  ['https://codeberg.org', 'gitea'],
  ['https://gitea.acme.io', 'gitea'],
  ['https://forgejo.acme.io', 'gitea'],
])('%s is known by its name to be %s', async (server, kind) => {
  const nobody = () => Promise.reject(new Error('asked'));
  expect(await findKind('open a pull request', server, 'token', nobody)).toBe(kind);
});

const place = { path: 'acme/shop', token: 'x', head: 'sluice/main', base: 'main' };

it.each([
  ['github', 'https://github.com', 'https://api.github.com/repos/acme/shop/pulls'],
  ['github', 'https://github.acme.io', 'https://github.acme.io/api/v3/repos/acme/shop/pulls'],
  ['gitlab', 'https://gitlab.com', 'https://gitlab.com/api/v4/projects/acme%2Fshop/merge_requests'],
  ['gitea', 'https://codeberg.org', 'https://codeberg.org/api/v1/repos/acme/shop/pulls'],
] as const)('the API of %s for %s is below %s', (kind, server, url) => {
  expect(kinds[kind].open({ ...place, server }, { title: 't', body: 'b' }).url).toBe(url);
});
