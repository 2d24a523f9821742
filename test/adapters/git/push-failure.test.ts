import { expect, it } from 'vitest';
import { parseAddress } from '../../../lib/adapters/git/address.ts';
import { isMoved, isUpToDate, pushFailure } from '../../../lib/adapters/git/push-failure.ts';

const exchange = {
  address: parseAddress('https://git.example.com/acme/shop.git', false),
  credentials: '{ env: TOKEN }',
};
const about = 'Cannot push to "main" of "https://git.example.com/acme/shop.git": ';

function refusal(summary: string): string {
  return `To https://git.example.com/acme/shop.git\n!\t1234:refs/heads/main\t${summary}\nDone\n`;
}

it.each([
  '[rejected] (stale info)',
  '[rejected] (fetch first)',
  '[rejected] (non-fast-forward)',
  '[remote rejected] (failed to update ref)',
  "[remote rejected] (cannot lock ref 'refs/heads/main': is at 12 but expected 34)",
  '[remote rejected] (incorrect old value provided)',
  '[remote rejected] (reference already exists)',
  '[remote rejected] (LOCK_FAILURE)',
])('%s: another writer was faster', (summary) => {
  expect(isMoved({ stdout: refusal(summary), stderr: 'error: failed to push some refs' })).toBe(true);
});

it('what a hook says does not make a race of its refusal', () => {
  const stderr = 'remote: error: fetch first, then ask us';
  expect(isMoved({ stdout: refusal('[remote rejected] (pre-receive hook declined)'), stderr })).toBe(false);
  expect(isMoved({ stdout: '', stderr: 'fatal: cannot lock ref' })).toBe(false);
});

it('a branch that was there before was moved by another', () => {
  expect(isUpToDate({ stdout: 'To x\n=\t12:refs/heads/main\t[up to date]\nDone\n', stderr: '' })).toBe(true);
  expect(isUpToDate({ stdout: 'To x\n \t12:refs/heads/main\t1..2\nDone\n', stderr: '' })).toBe(false);
});

it.each([
  [
    'GitHub, a ruleset',
    '[remote rejected] (push declined due to repository rule violations)',
    'remote: error: GH013: Repository rule violations found for refs/heads/main.        \nremote: \nremote: - Changes must be made through a pull request.        \n',
    'the server refuses it: GH013: Repository rule violations found for refs/heads/main. (push declined due to repository rule violations)',
    'Refused',
  ],
  [
    'Gitea, a protected branch',
    '[remote rejected] (pre-receive hook declined)',
    'remote: \nremote: Gitea: Not allowed to push to protected branch main        \n',
    'the server refuses it: Gitea: Not allowed to push to protected branch main (pre-receive hook declined)',
    'Refused',
  ],
  [
    'Azure DevOps, without a hook',
    "[remote rejected] (TF401027: You need the Git 'GenericContribute' permission to perform this action.)",
    '',
    "the server refuses it: TF401027: You need the Git 'GenericContribute' permission to perform this action.",
    'Refused',
  ],
  [
    'git itself, a branch that is checked out',
    '[remote rejected] (branch is currently checked out)',
    'remote: error: refusing to update checked out branch: refs/heads/main        \nremote: error: By default, …\n',
    'the server refuses it: refusing to update checked out branch: refs/heads/main (branch is currently checked out)',
    'Refused',
  ],
  [
    'GitHub, a token that may only read',
    undefined,
    "remote: Permission to acme/shop.git denied to bot.\nfatal: unable to access 'https://git.example.com/acme/shop.git/': The requested URL returned error: 403\n",
    'Permission to acme/shop.git denied to bot.',
    'Forbidden',
  ],
  [
    'GitHub, a repository that was archived',
    undefined,
    "remote: This repository was archived so it is read-only.\nfatal: unable to access 'x': The requested URL returned error: 403\n",
    'This repository was archived so it is read-only.',
    'Forbidden',
  ],
  [
    'GitLab, a deploy key over SSH',
    undefined,
    'remote: \nremote: ========================================================================\nremote: \nremote: ERROR: This deploy key does not have write access to this project.\nremote: \nfatal: Could not read from remote repository.\n',
    'This deploy key does not have write access to this project.',
    'Forbidden',
  ],
])('%s: the reason is in one line', (_who, summary, stderr, state, code) => {
  const stdout = summary === undefined ? '' : refusal(summary);
  const failure = pushFailure(exchange, 'main', { stdout, stderr });
  expect(failure).toMatchObject({ fault: 'user', code, message: about + state });
});

it('a reason is bounded, on one line, and shows no credential', () => {
  const stderr = `remote: denied \x1b[31m https://bot:hunter2@git.example.com/ ${'x'.repeat(5000)}\n`;
  const { message } = pushFailure(exchange, 'main', { stdout: refusal('[remote rejected] (no)'), stderr });
  expect(message.length).toBeLessThan(500);
  expect(message).not.toMatch(/hunter2|\p{Cc}/u);
});

it('what is no refusal is what a fetch makes of it', () => {
  const failure = pushFailure(exchange, 'main', { stdout: '', stderr: 'fatal: unable to access: returned error: 502' });
  expect(failure).toMatchObject({ fault: 'server', code: 'Unreachable' });
});
