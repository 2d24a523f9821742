import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { sameRepository } from '../../lib/domain/jobs/repository-url.ts';
import { checkSettings } from '../../lib/domain/settings/check-settings.ts';
import { formatProblem } from '../../lib/domain/settings/settings-problem.ts';
import type { SenderName } from '../../lib/domain/settings/webhook-settings.ts';
import { guides } from '../../lib/webhooks/guides.ts';
import { lowerHeaders } from '../../lib/webhooks/headers.ts';
import { readDelivery } from '../../lib/webhooks/read-delivery.ts';
import { now } from './examples/example.ts';
import { findKey } from './google.ts';

const all = Object.entries(guides).map(([name, guide]) => ({ name: name as SenderName, ...guide }));
const secrets: Readonly<Partial<Record<SenderName, string>>> = { 'azure-devops': 'sluice:a password' };

function settingsOf(settings: string) {
  // What is pasted as it is is refused: an id that is printed is no secret.
  const text = settings.replace('id: RANDOM', `id: ${'r4nd0m'.repeat(4)}`);
  const { settings: read, problems = [] } = checkSettings(parse(`{ version: 1, webhooks: [\n${text}\n] }`), {
    local: false,
  });
  return { webhook: read?.webhooks[0], problems: problems.map(formatProblem) };
}

it.each(all)('the settings that $name is shown with are valid, and of it', ({ name, settings }) => {
  const { webhook, problems } = settingsOf(settings);
  expect(problems).toEqual([]);
  expect(webhook?.sender).toBe(name);
});

it.each(all.filter(({ settings }) => settings.includes('RANDOM')))(
  'the settings of $name are refused as they are',
  ({ settings }) => {
    const document = parse(`{ version: 1, webhooks: [\n${settings}\n] }`);
    expect(checkSettings(document, { local: false }).problems).toMatchObject([{ path: 'webhooks[0].id' }]);
  },
);

it.each(all)('$name tells where its address and its secret go', ({ settings, fields }) => {
  const values = fields.map(([, value]) => value).join();
  expect(values).toContain('$URL');
  expect(values.includes('$SECRET')).toBe(settings.includes('secret:'));
});

const sampled = all.flatMap(({ name, settings, brings, sample }) =>
  sample ? [{ name, settings, brings, sample }] : [],
);

it('only what its makers alone can sign has no sample', () => {
  expect(all.filter(({ sample }) => sample === undefined).map(({ name }) => name)).toEqual(['gcr']);
});

it.each(sampled)(
  'the sample of $name is accepted, and says what it was made of',
  async ({ name, settings, brings, sample }) => {
    const { webhook } = settingsOf(settings);
    if (webhook === undefined) throw new TypeError('The settings are not valid');
    const secret = webhook.secret.length === 0 ? '' : (secrets[name] ?? 'a secret');
    const repository =
      name === 'bitbucket' ? 'https://bitbucket.org/acme/shop.git' : 'https://git.acme.io/acme/shop.git';
    const image = name === 'dockerhub' ? 'docker.io/acme/shop' : `${webhook.registry ?? 'registry.acme.io'}/acme/shop`;
    const { headers, body } = sample({ webhook, secret, repository, branch: 'main', image, tag: '1.2.3', now });
    const request = { method: 'POST', headers: lowerHeaders(headers), body: Buffer.from(body) };
    const trust = { webhook, secrets: secret === '' ? [] : [secret], now, findKey };
    const delivery = await readDelivery(request, trust);
    if ('status' in delivery) throw new TypeError(delivery.message);
    const [change, ...others] = delivery.changes;
    expect(others).toEqual([]);
    if (brings === 'images') {
      const host = name === 'aliyun' ? 'registry.acme.aliyuncs.com/acme/shop' : image;
      expect(change).toEqual({ kind: 'image', image: host, tag: '1.2.3' });
    } else {
      expect(change).toMatchObject({ kind: 'git', ref: 'refs/heads/main' });
      expect(change?.kind === 'git' && change.urls.some((url) => sameRepository(url, repository))).toBe(true);
      // A worker would wait for a commit that is not there.
      expect(change).not.toHaveProperty('after');
    }
    if (secret !== '')
      expect(await readDelivery(request, { ...trust, secrets: ['another'] })).toMatchObject({ status: 401 });
  },
);

it('the sample of gitlab is signed where the secret is a signing token, that of jfrog and azure-devops as is configured', async () => {
  const token = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  for (const [settings, secret] of [
    [guides.gitlab.settings, token],
    [guides.cdevents.settings, 'Bearer a secret'],
    ['{ id: a, sender: jfrog, secret: { env: S }, payloadSigning: false }', 'a secret'],
    ['{ id: a, sender: azure-devops, secret: { env: S }, header: X-Sluice-Token }', 'a secret'],
    ['{ id: a, sender: bitbucket, secret: { env: S } }', 'a secret'],
    ['{ id: q7ZkP2mXw94LtBvR81sNcYhd, sender: bitbucket }', ''],
  ] as const) {
    const { webhook } = settingsOf(settings);
    if (webhook === undefined) throw new TypeError('The settings are not valid');
    const facts = {
      repository: 'https://bitbucket.org/acme/shop',
      branch: 'main',
      image: 'registry.acme.io/a/b',
      tag: '1',
      now,
    };
    const { headers, body } = guides[webhook.sender].sample?.({ webhook, secret, ...facts }) ?? {
      headers: {},
      body: '',
    };
    const request = { method: 'POST', headers: lowerHeaders(headers), body: Buffer.from(body) };
    const trust = { webhook, secrets: secret === '' ? [] : [secret], now, findKey };
    expect(await readDelivery(request, trust)).toHaveProperty('changes');
    if (secret !== '')
      expect(await readDelivery(request, { ...trust, secrets: ['another'] })).toMatchObject({ status: 401 });
  }
});
