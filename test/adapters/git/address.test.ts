import { expect, it } from 'vitest';
import { addressFor, parseAddress, withoutCredentials } from '../../../lib/adapters/git/address.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

it.each([
  ['https://github.com/acme/shop.git', 'https', 'https://github.com'],
  ['https://git.acme.io:8443/shop', 'https', 'https://git.acme.io:8443'],
  ['http://127.0.0.1:3000/shop.git', 'http', 'http://127.0.0.1:3000'],
  ['http://localhost/shop.git', 'http', 'http://localhost'],
  ['ssh://git@github.com/acme/shop.git', 'ssh', ''],
  ['ssh://git@git.acme.io:2222/shop.git', 'ssh', ''],
  ['git@github.com:acme/shop.git', 'ssh', ''],
])('the address %s is taken as %s', (url, protocol, server) => {
  expect(parseAddress(url, false)).toEqual({ protocol, url, server });
});

it.each([
  ['http://git.acme.io/shop.git', 'http:// is for loopback and local runs only'],
  ['http://127.0.0.1.evil.example/shop.git', 'http:// is for loopback and local runs only'],
  ['file:///srv/shop.git', 'file:// is for local runs only'],
  ['ext::sh -c id', 'it is neither https:// nor ssh:// nor user@host:path'],
  ['-oProxyCommand=id@host:path', 'it is neither https:// nor ssh:// nor user@host:path'],
  ['git@-oProxyCommand=id:path', 'it is neither https:// nor ssh:// nor user@host:path'],
  ['/srv/shop.git', 'it is neither https:// nor ssh:// nor user@host:path'],
])('the address %s is refused: %s', (url, state) => {
  expect(() => parseAddress(url, false)).toThrow(`Cannot use the repository "${url}": ${state}`);
});

it.each([
  'https://user:hunter2@github.com/shop.git',
  'https://hunter2@github.com/shop.git',
  'ssh://git:hunter2@host/shop',
])('the address %s is refused without its password in the message', (url) => {
  expect(() => parseAddress(url, true)).toThrow(/it holds (credentials|a password)$/);
  expect(() => parseAddress(url, true)).not.toThrow(/hunter2/);
});

it('local runs take file and http addresses', () => {
  expect(parseAddress('file:///srv/shop.git', true).protocol).toBe('file');
  expect(parseAddress('http://git.lan/shop.git', true).protocol).toBe('http');
});

it.each([
  ["fatal: unable to access 'https://x:hunter2@host/a.git/': no", "fatal: unable to access 'https://host/a.git/': no"],
  ['two https://hunter2@a/ and ssh://git:hunter2@b/', 'two https://a/ and ssh://git@b/'],
  ['git@github.com:acme/shop.git', 'git@github.com:acme/shop.git'],
])('%s is shown without credentials', (text, shown) => {
  expect(withoutCredentials(text)).toBe(shown);
});

describeShared('misc_flux1.json', (directory) => {
  it.each(sharedCases(directory, 'misc_flux1')<{ url: string }, { doesNotContain: string }>('safe_url'))(
    '%s',
    (_, { input: { url }, expect: { doesNotContain } }) => {
      expect(withoutCredentials(url)).not.toContain(doesNotContain);
    },
  );
});

it.each([
  ['git@github.com:acme/shop.git', 'https://github.com/acme/shop.git'],
  ['ssh://git@gitlab.acme.io:2222/acme/team/shop.git', 'https://gitlab.acme.io/acme/team/shop.git'],
  ['ssh://gitea.acme.io/acme/shop', 'https://gitea.acme.io/acme/shop'],
  ['https://github.com/acme/shop.git', 'https://github.com/acme/shop.git'],
  ['http://localhost:3000/acme/shop.git', 'http://localhost:3000/acme/shop.git'],
  ['file:///srv/shop.git', 'file:///srv/shop.git'],
])('a token for %s goes to %s, and an SSH key stays', (url, https) => {
  expect(addressFor({ url, auth: { token: { env: 'T' } } })).toBe(https);
  expect(addressFor({ url, auth: { sshKey: { env: 'K' } } })).toBe(url);
  expect(addressFor({ url })).toBe(url);
});
