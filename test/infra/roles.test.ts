import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Packaged, packaged } from './packaged.ts';
import { inWords, roles, statementsOf } from './policy.ts';

let template: Packaged;
beforeAll(async () => {
  template = await packaged({
    stage: 'prod',
    params: ['configObject=acme/sluice.yaml', 'subnets=a', 'securityGroups=b'],
  });
}, 120_000);
afterAll(() => template[Symbol.asyncDispose]());

const optional = ['ConfigInS3', 'InVpc'];

function wordsOf(role: string, holds: readonly string[] = []): readonly string[] {
  return statementsOf(template, role, holds).map(inWords);
}

function secrets(kind: string): string {
  return `secretsmanager:GetSecretValue+ssm:GetParameter secretsmanager:::secret:sluice/prod/${kind}/* ssm:::parameter/sluice/prod/${kind}/*`;
}

function logs(name: string): string {
  return `logs:CreateLogStream+PutLogEvents logs:::log-group:/aws/lambda/sluice-prod-${name}:*`;
}

const consume = 'sqs:ReceiveMessage+DeleteMessage+ChangeMessageVisibility+GetQueueAttributes';
const settings = 'dynamodb:GetItem Table [settings]';

it.each([
  [
    'WebhookRole',
    [
      logs('webhook'),
      'dynamodb:GetItem+PutItem Table [delivery/* target/* runs/* runs-of/* release/*]',
      'dynamodb:Query Table [image/*]',
      settings,
      'sqs:SendMessage SyncQueue ReleaseQueue CheckQueue',
      secrets('webhook'),
    ],
  ],
  [
    'EventsRole',
    [
      logs('events'),
      'dynamodb:GetItem+PutItem Table [delivery/* target/* runs/* runs-of/* release/*]',
      'dynamodb:Query Table [image/*]',
      settings,
      'sqs:SendMessage SyncQueue ReleaseQueue CheckQueue EventsDeadQueue',
    ],
  ],
  [
    'SyncRole',
    [
      logs('sync'),
      'dynamodb:GetItem+PutItem+DeleteItem+Query Table [target/* targets runs/* runs-of/* run/* kinds#* fields#* narrow#* inventories#* images images-of/* image/*]',
      settings,
      `${consume} SyncQueue`,
      'sqs:SendMessage CheckQueue',
      secrets('kubeconfig'),
      secrets('git-read'),
      'eks:DescribeCluster eks:*::cluster/*',
      'sts:AssumeRole iam::*:role/sluice-*',
    ],
  ],
  [
    'ReleaseRole',
    [
      logs('release'),
      'dynamodb:GetItem+PutItem+DeleteItem+Query Table [target/release/* runs/* runs-of/* run/* release/* releases image-tags/*]',
      'dynamodb:GetItem+Query Table [images images-of/*]',
      settings,
      `${consume} ReleaseQueue`,
      'sqs:SendMessage CheckQueue',
      secrets('git-read'),
      secrets('git-write'),
      secrets('registry'),
      'ecr:GetAuthorizationToken *',
      'ecr:ListImages+BatchGetImage+GetDownloadUrlForLayer ecr:*::repository/*',
    ],
  ],
  [
    'CheckRole',
    [
      logs('check'),
      'dynamodb:GetItem+PutItem+DeleteItem+Query Table [targets runs/* runs-of/* run/* kinds#* image/* release/*]',
      settings,
      `${consume}+SendMessage CheckQueue`,
      'sqs:SendMessage SyncQueue ReleaseQueue',
      secrets('kubeconfig'),
      'eks:DescribeCluster eks:*::cluster/*',
      'sts:AssumeRole iam::*:role/sluice-*',
    ],
  ],
  [
    'ScheduleRole',
    [
      logs('schedule'),
      'dynamodb:GetItem+PutItem+Query Table [schedule settings targets images releases runs/* runs-of/* run/*]',
      'dynamodb:GetItem Table [target/*]',
      'sqs:SendMessage SyncQueue ReleaseQueue',
    ],
  ],
  [
    'ApiRole',
    [
      logs('api'),
      'dynamodb:GetItem+Query Table [targets runs/* runs-of/* run/* settings]',
      'dynamodb:PutItem Table [runs/* runs-of/*]',
      'sqs:SendMessage SyncQueue',
      secrets('api'),
    ],
  ],
])('%s may do this and nothing else', (role, statements) => {
  expect(wordsOf(role)).toEqual(statements);
});

it('settings in S3 add one object to every role, a VPC the network interfaces of the three workers', () => {
  const network =
    'ec2:CreateNetworkInterface+DescribeNetworkInterfaces+DescribeSubnets+DeleteNetworkInterface+AssignPrivateIpAddresses+UnassignPrivateIpAddresses *';
  for (const role of roles) {
    const isWorker = ['SyncRole', 'ReleaseRole', 'CheckRole'].includes(role);
    const more = ['s3:GetObject s3:::acme/sluice.yaml', ...(isWorker ? [network] : [])];
    expect(wordsOf(role, optional), role).toEqual([...wordsOf(role), ...more]);
  }
});

it('only sync and check read kubeconfigs, only release git credentials that write, and it holds no cluster', () => {
  function readers(kind: string): readonly string[] {
    return roles.filter((role) => JSON.stringify(template.resources[role]).includes(`/${kind}/*`));
  }
  expect(readers('kubeconfig')).toEqual(['SyncRole', 'CheckRole']);
  expect(readers('git-read')).toEqual(['SyncRole', 'ReleaseRole']);
  expect(readers('git-write')).toEqual(['ReleaseRole']);
  expect(readers('registry')).toEqual(['ReleaseRole']);
  expect(readers('webhook')).toEqual(['WebhookRole']);
  expect(readers('api')).toEqual(['ApiRole']);
});

it('no action ends in a star, and a star is the resource of network interfaces and of the login to ECR alone', () => {
  for (const role of roles) {
    for (const { actions, resources } of statementsOf(template, role, optional)) {
      for (const action of actions) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/);
      if (resources.includes('*')) expect(actions.every(hasNoResource)).toBe(true);
    }
  }
});

function hasNoResource(action: string): boolean {
  return action.startsWith('ec2:') || action === 'ecr:GetAuthorizationToken';
}

it('every function has a role of its own, which Lambda alone may assume, and the stack has no other', () => {
  const functions = Object.values(template.resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  expect(functions.map(({ Properties }) => Properties.Role['Fn::GetAtt'][0]).sort()).toEqual([...roles].sort());
  const all = Object.entries(template.resources).filter(([, { Type }]) => Type.startsWith('AWS::IAM::'));
  expect(all.map(([name]) => name).sort()).toEqual([...roles].sort());
  for (const [, { Properties }] of all) {
    expect(Properties.AssumeRolePolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ]);
    expect(Properties.ManagedPolicyArns).toBeUndefined();
  }
});
