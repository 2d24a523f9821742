import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sameRepository } from '../../../lib/domain/jobs/repository-url.ts';
import { describeShared } from '../../shared.ts';

it.each([
  // fluxcd/flux pkg/git/url_test.go, TestEquivalent
  ['git@github.com:fluxcd/flux', 'ssh://git@github.com/fluxcd/flux.git', true],
  ['https://github.com/fluxcd/flux.git', 'git@github.com:fluxcd/flux.git', true],
  ['https://github.com/acme/shop', 'https://github.com/acme/shop.git', true],
  ['https://github.com/acme/shop', 'https://github.com/acme/shop.git/', true],
  ['https://github.com/acme/shop', 'https://github.com/acme/shop/', true],
  ['https://github.com/acme/shop', 'https://someone@github.com/acme/shop', true],
  ['https://github.com/acme/shop', 'git://github.com/acme/shop', true],
  ['https://github.com/acme/shop', 'github.com:acme/shop.git', true],
  ['https://github.com/acme/shop', 'https://GitHub.com/acme/shop', true],
  ['https://github.com/acme/shop', 'ssh://git@GitHub.com/acme/shop', true],
  ['https://github.com/acme/shop', 'https://github.com/Acme/Shop', true],
  ['git@host:/acme/shop', 'git@host:acme/shop', true],
  ['https://host:8443/acme/shop', 'ssh://git@host:2222/acme/shop.git', true],
  ['ssh://git@host:2222/acme/shop.git', 'git@host:acme/shop.git', true],
  ['https://host/~me/shop', 'https://host/%7Eme/shop', true],
  ['https://[::1]:8443/shop', 'git@[::1]:shop', true],
  ['file:///srv/git/shop.git', 'file:///srv/git/shop', true],
  ['file:///srv/git/shop/.git', 'file:///srv/git/shop', true],
  ['https://github.com/acme/shop', 'https://github.com/acme/shop.gitx', false],
  ['https://github.com/acme/shop', 'https://github.com/acme/shop2', false],
  ['https://github.com/acme/shop', 'https://github.com/other/shop', false],
  ['https://github.com/acme/shop', 'https://github.com/acme/shop/deploy', false],
  ['https://github.com/acme/shop', 'https://github.com.evil.example/acme/shop', false],
  ['https://github.com/acme/shop', 'https://evil.example/github.com/acme/shop', false],
  ['https://github.com/acme/shop', 'https://github.com@evil.example/acme/shop', false],
  ['git@github.com:acme/shop', 'file:///acme/shop', false],
  ['', '', false],
  ['https://github.com', 'https://github.com/', false],
  ['no address', 'no address', false],
  ['https://', 'https://', false],
  ['https://host/%', 'https://host/%', true],
])('%j and %j are one repository: %j', (a, b, expected) => {
  expect(sameRepository(a, b)).toBe(expected);
  expect(sameRepository(b, a)).toBe(expected);
});

it('every form of an address is the same repository, and no form of another is', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,8}$/);
  const repository = fc.record({ host: fc.constantFrom('github.com', 'git.acme.example'), owner: name, name });
  const form = fc.constantFrom(
    ({ host, path }: Location) => `https://${host}/${path}`,
    ({ host, path }: Location) => `https://user@${host.toUpperCase()}:8443/${path}.git`,
    ({ host, path }: Location) => `ssh://git@${host}:2222/${path}/`,
    ({ host, path }: Location) => `git@${host}:${path}.git`,
  );
  fc.assert(
    fc.property(repository, repository, form, form, (one, other, write, writeOther) => {
      const first = { host: one.host, path: `${one.owner}/${one.name}` };
      const second = { host: other.host, path: `${other.owner}/${other.name}` };
      expect(sameRepository(write(first), writeOther(first))).toBe(true);
      const same = first.host === second.host && first.path.toLowerCase() === second.path.toLowerCase();
      expect(sameRepository(write(first), writeOther(second))).toBe(same);
    }),
  );
});

it('no text makes it throw', () => {
  fc.assert(fc.property(fc.string(), fc.webUrl(), (text, url) => !sameRepository(text, url)));
});

interface Location {
  readonly host: string;
  readonly path: string;
}

interface EquivalentCase {
  readonly kind: string;
  readonly name: string;
  readonly input: { readonly a: string; readonly b: string };
  readonly expect: { readonly equal: boolean };
}

describeShared('the cases of Flux v1', (directory) => {
  const file: { readonly cases: readonly EquivalentCase[] } = JSON.parse(
    readFileSync(join(directory, 'cases/misc_flux1.json'), 'utf8'),
  );
  const cases = file.cases.filter((entry) => entry.kind === 'git_equivalent');

  it('are there', () => expect(cases.length).toBeGreaterThan(0));

  it.each(cases)('$name', ({ input, expect: expected }) => {
    expect(sameRepository(input.a, input.b)).toBe(expected.equal);
  });
});
