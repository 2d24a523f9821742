import { expect, it } from 'vitest';
import { refuseStage } from '../../../lib/domain/settings/check-for-aws.ts';
import { checkSettings } from '../../../lib/domain/settings/check-settings.ts';

/** What is wrong with settings whose every secret is `secret(kind)`. */
function problems(secret: (kind: string) => unknown, stage?: string, cluster?: unknown) {
  const checked = checkSettings(
    {
      version: 1,
      webhooks: [{ id: 'a', sender: 'github', secret: [secret('webhook')] }],
      api: { tokens: [{ name: 'ci', role: 'viewer', secret: secret('api') }] },
      registries: [{ host: 'registry.acme.io', auth: secret('registry') }],
      targets: [
        {
          name: 'shop',
          source: {
            url: 'https://github.com/acme/shop.git',
            branch: 'main',
            auth: { token: secret('git-read') },
            verify: { mode: 'head', keys: [secret('git-read')] },
          },
          cluster: cluster ?? { kubeconfig: secret('kubeconfig') },
          automation: {
            auth: { githubApp: { appId: 1, installationId: 2, privateKey: secret('git-write') } },
            sign: secret('git-write'),
          },
        },
      ],
    },
    { local: false, aws: { stage } },
  );
  return (checked.problems ?? []).map(({ path, message }) => `${path}: ${message}`);
}

const paths = [
  ['webhooks[0].secret[0]', 'webhook'],
  ['api.tokens[0].secret', 'api'],
  ['registries[0].auth', 'registry'],
  ['targets[0].source.auth.token', 'git-read'],
  ['targets[0].source.verify.keys[0]', 'git-read'],
  ['targets[0].cluster.kubeconfig', 'kubeconfig'],
  ['targets[0].automation.auth.githubApp.privateKey', 'git-write'],
  ['targets[0].automation.sign', 'git-write'],
] as const;

const account = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:';

it.each([
  ['Secrets Manager', (kind: string) => ({ aws: `sluice/prod/${kind}/acme`, key: 'shop' })],
  ['the ARN of a secret', (kind: string) => ({ aws: `${account}sluice/prod/${kind}/acme-AbCdEf` })],
  ['SSM', (kind: string) => ({ ssm: `/sluice/prod/${kind}/acme` })],
])('secrets in %s below the prefix of their kind are fine, with and without a stage', (_, secret) => {
  expect(problems(secret, 'prod')).toEqual([]);
  expect(problems(secret)).toEqual([]);
});

it('a secret that is no list is looked at too', () => {
  const webhooks = [{ id: 'acme', sender: 'github', secret: { env: 'HOOK' } }];
  const { problems: found = [] } = checkSettings({ version: 1, webhooks }, { local: false, aws: { stage: 'prod' } });
  expect(found.map(({ path }) => path)).toContain('webhooks[0].secret');
});

it('files and variables are refused, each with its path and the name to choose', () => {
  expect(problems(() => ({ file: 'x' }), 'prod')).toEqual(
    paths.map(([path, kind]) => `${path}: ${wanted('prod', kind)}, found a file`),
  );
  expect(problems(() => ({ env: 'X' }))).toEqual(
    paths.map(([path, kind]) => `${path}: ${wanted('<stage>', kind)}, found a variable`),
  );
});

function wanted(stage: string, kind: string): string {
  return `Expected { aws: sluice/${stage}/${kind}/… } or { ssm: /sluice/${stage}/${kind}/… }`;
}

it.each([
  ['another kind', (kind: string) => ({ aws: `sluice/prod/${kind === 'api' ? 'webhook' : 'api'}/acme` })],
  ['another stage', (kind: string) => ({ aws: `sluice/dev/${kind}/acme` })],
  ['no prefix', () => ({ aws: 'acme' })],
  ['nothing after the prefix', (kind: string) => ({ aws: `sluice/prod/${kind}/` })],
  [
    'the ARN of something else',
    (kind: string) => ({ aws: `arn:aws:sqs:eu-central-1:123456789012:sluice/prod/${kind}/a` }),
  ],
])('a secret whose name has %s is refused', (_, secret) => {
  expect(problems(secret, 'prod')).toEqual(
    paths.map(([path, kind]) => `${path}: Expected a name that begins with sluice/prod/${kind}/`),
  );
});

it('a parameter of SSM without its first slash is refused', () => {
  expect(problems((kind) => ({ ssm: `sluice/prod/${kind}/acme` }), 'prod')).toHaveLength(paths.length);
});

it.each([
  ['arn:aws:iam::123456789012:role/sluice-deployer', []],
  [
    'arn:aws:iam::123456789012:role/admin',
    [
      'targets[0].cluster.eks.roleArn: Expected the ARN of a role whose name begins with sluice-: the functions may assume no other',
    ],
  ],
])('of the role %s for EKS is said %j', (roleArn, expected) => {
  const secret = (kind: string) => ({ aws: `sluice/prod/${kind}/acme` });
  expect(problems(secret, 'prod', { eks: { name: 'blue', region: 'eu-central-1', roleArn } })).toEqual(expected);
});

it.each([
  ['prod', undefined],
  ['a'.repeat(40), undefined],
  ['a'.repeat(41), 'it has 41 characters, 40 are allowed'],
  ['Prod', 'it is not made of lower-case letters, digits and dashes, beginning with a letter'],
  ['1a', 'it is not made of lower-case letters, digits and dashes, beginning with a letter'],
  ['a-', 'it is not made of lower-case letters, digits and dashes, beginning with a letter'],
  ['', 'it is not made of lower-case letters, digits and dashes, beginning with a letter'],
])('of the stage "%s" is said %s', (stage, expected) => {
  expect(refuseStage(stage)).toBe(expected);
});
