import { expect, it } from 'vitest';
import { checkSettings } from '../../../lib/domain/settings/check-settings.ts';
import { formatProblem } from '../../../lib/domain/settings/settings-problem.ts';
import { isIdSecret, leastUnguessable, webhookName, webhookRules } from '../../../lib/domain/settings/webhook-rules.ts';
import { WebhookSettings } from '../../../lib/domain/settings/webhook-settings.ts';

const secret = { env: 'HOOK' };
const unguessable = 'q7ZkP2mXw94LtBvR81sNcYhd';

function problems(webhook: object, local = true): readonly string[] {
  return (checkSettings({ version: 1, webhooks: [webhook] }, { local }).problems ?? []).map(formatProblem);
}

const needed: Readonly<Record<string, unknown>> = {
  audience: 'https://sluice.acme.io',
  email: 'push@acme.iam.gserviceaccount.com',
};

/** The least that an entry of each sender needs. */
const least = Object.entries(webhookRules).map(([sender, { proof, needs = [] }]) => ({
  sender,
  id: unguessable,
  ...(proof === 'secret' && { secret }),
  ...Object.fromEntries(needs.map((key) => [key, needed[key]])),
}));

it.each(least)('$sender needs no more than this', (webhook) => {
  expect(problems(webhook)).toEqual([]);
});

it.each(least)('each key of $sender is needed', (webhook) => {
  for (const key of Object.keys(webhook)) {
    const { [key]: _, ...rest } = webhook as Readonly<Record<string, unknown>>;
    const [problem, ...others] = problems(rest);
    // Without a secret bitbucket falls back to its id; the others have nothing to fall back to.
    expect(problem).toMatch(new RegExp(`^webhooks\\[0\\]\\.${key}: Expected`));
    expect(others).toEqual([]);
  }
});

const unsigned = least.filter(({ sender }) => webhookRules[sender as keyof typeof webhookRules].proof.includes('id'));

it.each(unsigned)(
  'an id of $sender that may be guessed is refused with the rule and its length, never the id',
  (webhook) => {
    for (const length of [1, 8, leastUnguessable - 1]) {
      const id = unguessable.slice(0, length);
      const [problem = '', ...others] = problems({ ...webhook, id });
      expect(problem).toMatch(/^webhooks\[0\]\.id: Expected at least 24 random characters/);
      expect(problem).toContain(`found ${length}`);
      expect(length > 1 && problem.includes(id)).toBe(false);
      expect(others).toEqual([]);
    }
    expect(problems({ ...webhook, id: unguessable.slice(0, leastUnguessable) })).toEqual([]);
  },
);

it('a bitbucket hook with a secret may have any id', () => {
  expect(problems({ sender: 'bitbucket', id: 'acme', secret })).toEqual([]);
});

it.each([
  ['header', { sender: 'github', id: 'acme', secret, header: 'X-Token' }],
  ['server', { sender: 'gitea', id: 'acme', secret, server: 'https://git.acme.io' }],
])('a %s that its sender has no use for is refused', (key, webhook) => {
  expect(problems(webhook)).toEqual([`webhooks[0].${key}: Expected none: ${webhook.sender} has no use for it`]);
});

it.each([
  ['dockerhub', 'Expected none: dockerhub signs nothing, the id is the secret'],
  ['gcr', 'Expected none: gcr sends tokens of its makers'],
])('a secret of %s is refused', (sender, message) => {
  expect(problems({ sender, id: unguessable, secret, ...needed })).toContain(`webhooks[0].secret: ${message}`);
});

it('keys of a sender come over https', () => {
  const webhook = { sender: 'gcr', id: unguessable, ...needed, keys: 'http://keys.acme.io' };
  expect(problems(webhook)).toEqual(['webhooks[0].keys: Expected https: http is for local runs on loopback']);
});

it.each([
  ['the name of a header', { sender: 'azure-devops', id: 'acme', secret, header: 'X Token' }],
  ['an https:// address', { sender: 'bitbucket-server', id: 'acme', secret, server: 'bitbucket.acme.io' }],
  ['an https:// address', { sender: 'bitbucket-server', id: 'acme', secret, server: 'https://me:pass@acme.io' }],
])('%s is expected', (expected, webhook) => {
  expect(problems(webhook)).toEqual([expect.stringContaining(`Expected ${expected}`)]);
});

it('a webhook is called by its id, or by its sender where the id is its secret', () => {
  const named = (webhook: object) => webhookName(WebhookSettings.parse(webhook));
  expect(named({ sender: 'github', id: 'acme', secret })).toBe('acme');
  expect(named({ sender: 'bitbucket', id: 'acme', secret })).toBe('acme');
  expect(named({ sender: 'bitbucket', id: unguessable })).toBe('bitbucket');
  expect(isIdSecret(WebhookSettings.parse({ sender: 'github', id: 'acme', secret }))).toBe(false);
});
