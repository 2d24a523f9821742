import { expect, it } from 'vitest';
import { checkAutomation } from '../../../lib/domain/settings/check-automation.ts';

const [token, sshKey] = [{ token: { env: 'T' } }, { sshKey: { env: 'K' } }];
const githubApp = { githubApp: { appId: 1, installationId: 2, privateKey: { env: 'K' } } };
const verify = { mode: 'head', keys: [{ env: 'P' }] };

it.each([
  ['nothing', { source: { verify } }, false, []],
  ["the source's own token", { source: { auth: token }, automation: { push: 'pullRequest' } }, false, []],
  [
    'an app beside a deploy key',
    { source: { auth: sshKey }, automation: { push: 'pullRequest', auth: githubApp } },
    true,
    [],
  ],
  ['another deploy key', { source: { auth: sshKey }, automation: { auth: sshKey } }, true, []],
  ['a message with names that are known', { automation: { message: '{message}\n\n{images} [skip ci]' } }, false, []],
  [
    'a message with one that is not',
    { automation: { message: '{mesage}' } },
    false,
    [
      'automation.message: Expected of names in braces only {message}, {images}, {workloads}, {targets}, {user}, found {mesage}',
    ],
  ],
  ['a key to sign with', { source: { verify }, automation: { sign: { env: 'S' } } }, false, []],
  ['a merge, which others sign', { source: { verify, auth: token }, automation: { push: 'pullRequest' } }, false, []],
  [
    'a deploy key for https',
    { automation: { auth: sshKey } },
    false,
    ['automation.auth.sshKey: Expected a token: the url is not an ssh address'],
  ],
  [
    'a pull request with a deploy key',
    { source: { auth: sshKey }, automation: { push: 'pullRequest' } },
    true,
    ['automation.push: Expected branch, or an auth with a token: the APIs of forges take no other'],
  ],
  [
    'no key to sign with',
    { source: { verify }, automation: {} },
    false,
    ['automation.sign: Expected a key to sign with: source.verify takes no other commits'],
  ],
])('automation with %s', (_what, target, overSsh, problems) => {
  const found: string[] = [];
  checkAutomation(target, overSsh, (keys, message) => found.push(`${keys.join('.')}: ${message}`));
  expect(found).toEqual(problems);
});
