import { afterAll, beforeAll, expect, it } from 'vitest';
import { functionVariables } from '../../lib/config.ts';
import { type Packaged, type Properties, packaged } from './packaged.ts';
import { type CheckResource, resourceChecker } from './specification.ts';

let dev: Packaged;
let prod: Packaged;
let check: CheckResource;
beforeAll(async () => {
  dev = await packaged();
  prod = await packaged({ stage: 'prod', params: ['alarmEmail=ops@acme.io', 'syncConcurrency=100'] });
  check = await resourceChecker();
}, 180_000);
afterAll(() => Promise.all([dev, prod].map((template) => template[Symbol.asyncDispose]())));

function ofType(template: Packaged, type: string): readonly Properties[] {
  return Object.values(template.resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);
}

it('CloudFormation knows every type and property, and none that is required is missing', () => {
  const all = Object.entries(prod.resources);
  expect(all.length).toBeGreaterThan(50);
  expect(all.flatMap(([name, resource]) => check(name, resource))).toEqual([]);
});

it.each([
  ['an unknown type', { Type: 'AWS::SQS::Quue', Properties: {} }, ['X is of an unknown type AWS::SQS::Quue']],
  ['an unknown property', { Type: 'AWS::SQS::Queue', Properties: { FifoQueu: true } }, ['X.FifoQueu is unknown']],
  ['a missing one', { Type: 'AWS::DynamoDB::Table', Properties: {} }, ['X.KeySchema is missing']],
  [
    'one deep inside',
    {
      Type: 'AWS::Lambda::Function',
      Properties: { Code: {}, Role: 'r', VpcConfig: { 'Fn::If': ['C', { Subnets: [] }, {}] } },
    },
    ['X.VpcConfig.Subnets is unknown'],
  ],
])('the check of the template finds %s', (_, resource, problems) => {
  expect(check('X', resource)).toEqual(problems);
});

it('every variable that the functions read is set, no other is, and none holds a secret', () => {
  const functions = ofType(prod, 'AWS::Lambda::Function');
  expect(functions).toHaveLength(7);
  for (const { Environment } of functions) {
    expect(Object.keys(Environment.Variables).sort()).toEqual([...functionVariables]);
    expect(JSON.stringify(Environment.Variables)).not.toMatch(/resolve:|secretsmanager|ssm/);
  }
});

it('every function runs on what is tested: Node 24 on x86-64', () => {
  for (const { Runtime, Architectures, PackageType } of ofType(prod, 'AWS::Lambda::Function')) {
    expect([Runtime, Architectures, PackageType]).toEqual(['nodejs24.x', ['x86_64'], undefined]);
  }
});

it('the queues are as DESIGN §3 has them', () => {
  const fifo = {
    FifoQueue: true,
    ContentBasedDeduplication: false,
    DeduplicationScope: 'messageGroup',
    FifoThroughputLimit: 'perMessageGroupId',
    MessageRetentionPeriod: 14 * 86_400,
    SqsManagedSseEnabled: true,
  };
  const standard = { MessageRetentionPeriod: 14 * 86_400, SqsManagedSseEnabled: true };
  function redrive(name: string) {
    return { deadLetterTargetArn: { 'Fn::GetAtt': [name, 'Arn'] }, maxReceiveCount: 5 };
  }
  const queues = Object.entries(prod.resources).filter(([, { Type }]) => Type === 'AWS::SQS::Queue');
  expect(Object.fromEntries(queues.map(([name, { Properties }]) => [name, Properties]))).toEqual({
    SyncQueue: { ...fifo, VisibilityTimeout: 900, RedrivePolicy: redrive('SyncDeadQueue') },
    SyncDeadQueue: fifo,
    ReleaseQueue: { ...fifo, VisibilityTimeout: 900, RedrivePolicy: redrive('ReleaseDeadQueue') },
    ReleaseDeadQueue: fifo,
    CheckQueue: { ...standard, VisibilityTimeout: 120, RedrivePolicy: redrive('CheckDeadQueue') },
    CheckDeadQueue: standard,
    EventsDeadQueue: standard,
  });
});

it('each worker gets messages of its queue, no longer hidden than it may work, and reports those that failed', () => {
  const mappings = ofType(prod, 'AWS::Lambda::EventSourceMapping');
  expect(
    mappings.map(({ BatchSize, ScalingConfig, FunctionResponseTypes, EventSourceArn }) => ({
      queue: EventSourceArn['Fn::GetAtt'][0],
      batch: BatchSize,
      concurrency: ScalingConfig.MaximumConcurrency,
      responses: FunctionResponseTypes,
    })),
  ).toEqual([
    { queue: 'SyncQueue', batch: 1, concurrency: 100, responses: ['ReportBatchItemFailures'] },
    { queue: 'ReleaseQueue', batch: 1, concurrency: 10, responses: ['ReportBatchItemFailures'] },
    { queue: 'CheckQueue', batch: 5, concurrency: 20, responses: ['ReportBatchItemFailures'] },
  ]);
  for (const [name, worker] of [
    ['SyncQueue', 'SyncLambdaFunction'],
    ['ReleaseQueue', 'ReleaseLambdaFunction'],
    ['CheckQueue', 'CheckLambdaFunction'],
  ] as const) {
    expect(prod.resources[name]?.Properties.VisibilityTimeout).toBe(prod.resources[worker]?.Properties.Timeout);
  }
  for (const { ReservedConcurrentExecutions } of ofType(prod, 'AWS::Lambda::Function')) {
    expect(ReservedConcurrentExecutions).toBeUndefined();
  }
});

it('the table forgets by itself, can be restored, and in prod cannot be deleted by a slip', () => {
  const [table] = ofType(prod, 'AWS::DynamoDB::Table');
  expect(table).toMatchObject({
    BillingMode: 'PAY_PER_REQUEST',
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    DeletionProtectionEnabled: true,
  });
  expect(ofType(dev, 'AWS::DynamoDB::Table')[0]?.DeletionProtectionEnabled).toBe(false);
});

it('requests are throttled, and no access log holds the path of a webhook', () => {
  const [stage] = ofType(prod, 'AWS::ApiGatewayV2::Stage');
  expect(stage?.DefaultRouteSettings).toMatchObject({ ThrottlingBurstLimit: 500, ThrottlingRateLimit: 200 });
  const named = [...String(stage?.AccessLogSettings.Format).matchAll(/\$context\.([\w.]+)/g)].map(([, name]) => name);
  expect(named).toEqual([
    'requestTime',
    'requestId',
    'routeKey',
    'status',
    'responseLength',
    'responseLatency',
    'integrationStatus',
    'error.responseType',
  ]);
});

it('each route belongs to one function, by payloads of format 2.0', () => {
  const routes = Object.values(prod.resources).filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route');
  expect(routes.map(({ Properties }) => [Properties.RouteKey, Properties.Target['Fn::Join'][1][1].Ref])).toEqual([
    ['POST /webhooks/{id}', 'HttpApiIntegrationWebhook'],
    ['ANY /v1/{proxy+}', 'HttpApiIntegrationApi'],
    ['GET /healthz', 'HttpApiIntegrationApi'],
  ]);
  for (const { PayloadFormatVersion } of ofType(prod, 'AWS::ApiGatewayV2::Integration')) {
    expect(PayloadFormatVersion).toBe('2.0');
  }
});

it('events that could not be taken are laid aside, those of a timer are not', () => {
  const dead = { 'Fn::GetAtt': ['EventsDeadQueue', 'Arn'] };
  expect(prod.resources.EventsLambdaEvConf?.Properties).toMatchObject({
    MaximumEventAgeInSeconds: 3600,
    MaximumRetryAttempts: 2,
    DestinationConfig: { OnFailure: { Destination: dead } },
  });
  expect(prod.resources.ScheduleLambdaEvConf?.Properties).toMatchObject({ MaximumRetryAttempts: 0 });
  const rules = ofType(prod, 'AWS::Events::Rule');
  expect(rules.map(({ ScheduleExpression, EventPattern }) => ScheduleExpression ?? EventPattern.source)).toEqual([
    'rate(1 minute)',
    ['aws.codecommit'],
    ['aws.ecr'],
  ]);
  for (const { Targets } of rules.slice(1)) {
    expect(Targets[0]).toMatchObject({
      DeadLetterConfig: { Arn: dead },
      RetryPolicy: { MaximumEventAgeInSeconds: 3600 },
    });
  }
});

it('alarms go to the topic, from every queue of dead letters and both ends of the functions', () => {
  const alarms = Object.entries(prod.resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');
  expect(alarms.map(([name]) => name)).toEqual([
    'SyncDeadAlarm',
    'ReleaseDeadAlarm',
    'CheckDeadAlarm',
    'EventsDeadAlarm',
    'SyncAgeAlarm',
    'CheckAgeAlarm',
    'ErrorsAlarm',
    'ThrottlesAlarm',
    'UnavailableAlarm',
    'AlarmsAlarm',
  ]);
  for (const [, { Properties }] of alarms) {
    expect(Properties).toMatchObject({ AlarmActions: [{ Ref: 'AlarmTopic' }], TreatMissingData: 'notBreaching' });
  }
  for (const name of ['ErrorsAlarm', 'ThrottlesAlarm']) {
    const metrics = prod.resources[name]?.Properties.Metrics.slice(1) as Properties[];
    const watched = metrics.map(({ MetricStat }) => MetricStat.Metric.Dimensions[0].Value.Ref);
    const functions = Object.keys(prod.resources).filter(
      (key) => prod.resources[key]?.Type === 'AWS::Lambda::Function',
    );
    expect(watched.sort()).toEqual(functions.sort());
  }
});

it('logs are kept for a while and not for ever', () => {
  const groups = ofType(prod, 'AWS::Logs::LogGroup');
  expect(groups).toHaveLength(8);
  for (const { RetentionInDays } of groups) expect(RetentionInDays).toBe(90);
  for (const { RetentionInDays } of ofType(dev, 'AWS::Logs::LogGroup')) expect(RetentionInDays).toBe(30);
});
