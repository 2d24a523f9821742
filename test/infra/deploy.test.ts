import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { sha256Hex } from '../../lib/domain/digest.ts';
import { testEnvironment } from '../parts/run.ts';
import { type Account, startAccount } from './account.ts';

const root = join(import.meta.dirname, '../..');
let directory: string;
let account: Account;

const settings = `
version: 1
webhooks: [{ id: acme, sender: github, secret: { aws: sluice/prod/webhook/acme } }]
targets:
- name: shop
  source: { url: https://github.com/acme/shop.git, branch: main, auth: { token: { ssm: /sluice/prod/git-read/shop } } }
  cluster: { kubeconfig: { aws: sluice/prod/kubeconfig/all, key: shop } }
`;
const secrets = ['sluice/prod/webhook/acme', '/sluice/prod/git-read/shop', 'sluice/prod/kubeconfig/all'];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-deploy-'));
  await writeFile(join(directory, 'sluice.yaml'), settings);
  await writeFile(
    join(directory, 'local.yaml'),
    settings.replace('{ aws: sluice/prod/webhook/acme }', '{ env: HOOK }'),
  );
  const layers = ['kubectl', 'git'].map((name) => ({ name, zip: `the layer ${name}` }));
  for (const { name, zip } of layers) await writeFile(join(directory, `${name}.zip`), zip);
  const records = layers.map(({ name, zip }) => ({ name, ingredients: '', sha256: sha256Hex(zip), unzippedBytes: 1 }));
  await writeFile(join(directory, 'layers.json'), JSON.stringify(records));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  account = await startAccount();
  for (const name of secrets) account.secrets.add(name);
});
afterEach(() => account[Symbol.asyncDispose]());

interface Done {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One of the commands as a person calls it, with that account and no other. */
function command(name: 'deploy' | 'remove', ...args: readonly string[]): Promise<Done> {
  const { promise, resolve } = Promise.withResolvers<Done>();
  const environment = {
    ...testEnvironment,
    HOME: directory,
    AWS_ENDPOINT_URL: account.endpoint,
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'eu-central-1',
  };
  execFile(
    process.execPath,
    [join(root, 'infra', `${name}.ts`), ...args],
    { cwd: root, env: environment },
    (error, out, err) => {
      resolve({ code: Number(error?.code ?? 0), out, err });
    },
  );
  return promise;
}

function deploy(...args: readonly string[]): Promise<Done> {
  return command(
    'deploy',
    '--stage',
    'prod',
    '--config',
    join(directory, 'sluice.yaml'),
    '--layers',
    directory,
    ...args,
  );
}

it.each([
  ['a stage whose name is too long', ['--stage', 'p'.repeat(41)], 'it has 41 characters, 40 are allowed'],
  ['a stage whose name is none', ['--stage', 'Prod!'], 'it is not made of lower-case letters'],
  ['an unknown flag', ['--stag', 'prod'], "Unknown option '--stag'"],
  ['a parameter without a value', ['--param', 'alarmEmail'], 'it is not name=value'],
  ['settings that are not there', ['--config', '/nonexistent/sluice.yaml'], 'there is no /nonexistent/sluice.yaml'],
  ['layers that were not built', ['--layers', '/nonexistent'], 'Cannot use the layer "kubectl": it has not been built'],
])('deploy refuses %s', async (_, args, message) => {
  const { code, err } = await deploy(...args);
  expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  expect([account.stacks.size, account.objects.size]).toEqual([0, 0]);
});

it('deploy refuses settings that do not validate for the stage, and asks nobody', async () => {
  const { code, err } = await deploy('--config', join(directory, 'local.yaml'));
  expect(code).toBe(1);
  expect(err).toContain('webhooks[0].secret: Expected { aws: sluice/prod/webhook/… }');
  expect(account.calls).toEqual([]);
});

it('deploy refuses without credentials', async () => {
  account.hasCredentials = false;
  const { code, err } = await deploy();
  expect([code, err]).toEqual([
    1,
    expect.stringContaining('Cannot reach AWS: The security token included in the request is invalid'),
  ]);
  expect(account.stacks.size).toBe(0);
});

it('deploy names every secret that is missing, and where it is asked for', async () => {
  account.secrets.clear();
  const { code, err } = await deploy();
  expect(code).toBe(1);
  expect(err.split('\n').slice(0, 4)).toEqual([
    'Cannot deploy: 3 secrets are missing',
    '  webhooks[0].secret[0]: there is no sluice/prod/webhook/acme',
    '  targets[0].source.auth.token: there is no /sluice/prod/git-read/shop',
    '  targets[0].cluster.kubeconfig: there is no sluice/prod/kubeconfig/all',
  ]);
  expect(account.stacks.size).toBe(0);
});

it('deploy tells what CloudFormation says first, in one line', async () => {
  account.failures = [
    ['SyncQueue', 'AWS::SQS::Queue', 'Resource creation cancelled'],
    ['WebhookRole', 'AWS::IAM::Role', 'ada is not authorized to perform:\n  iam:CreateRole'],
    ['Table', 'AWS::DynamoDB::Table', 'Something later'],
  ];
  const { code, err } = await deploy();
  expect(code).toBe(2);
  expect(err.split('\n')).toEqual([
    'Cannot deploy "sluice-prod": WebhookRole (AWS::IAM::Role) UPDATE_FAILED: ada is not authorized to perform: iam:CreateRole',
    '  Correct it and deploy again',
    '',
  ]);
}, 180_000);

it('deploy publishes layers only when they are new, tells the URLs, and remove leaves nothing', async () => {
  const first = await deploy('--param', 'alarmEmail=ops@acme.io');
  expect([first.code, first.err]).toEqual([0, '']);
  expect(first.out).toContain('Publishing the layers');
  expect(first.out).toContain('https://abc123.execute-api.eu-central-1.amazonaws.com/webhooks/acme');
  expect(first.out).toContain('Secret: the value of { aws: sluice/prod/webhook/acme }');
  expect(first.out).toContain('Content type: application/json');
  expect([...account.stacks.keys()]).toEqual(['sluice-layers-prod', 'sluice-prod']);
  const { Resources } = JSON.parse(account.stacks.get('sluice-prod')?.template ?? '');
  expect(Resources.SyncLambdaFunction.Properties.Layers).toEqual([
    'arn:aws:lambda:eu-central-1:123456789012:layer:sluice-layers-prod-kubectl:7',
    'arn:aws:lambda:eu-central-1:123456789012:layer:sluice-layers-prod-git:7',
  ]);
  expect(Resources.AlarmEmail.Properties.Endpoint).toBe('ops@acme.io');
  expect([...account.objects.keys()].map((key) => key.split('/').at(-1))).toContain('webhook.zip');

  const second = await deploy();
  expect([second.code, second.out]).toEqual([0, expect.not.stringContaining('Publishing the layers')]);

  const removed = await command('remove', '--stage', 'prod');
  expect([removed.code, removed.err]).toEqual([0, '']);
  expect([account.stacks.size, account.objects.size]).toEqual([0, 0]);
  expect(await command('remove', '--stage', 'prod')).toMatchObject({
    code: 0,
    out: expect.stringContaining('There is no stack sluice-prod'),
  });
}, 360_000);
