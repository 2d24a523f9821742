import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { refuse } from './cloud.ts';
import { describeLambda, type LambdaStage, openLambdaStage } from './lambda-stage.ts';
import { httpEvent } from './requests.ts';

const url = 'https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/shop';
const authorization = 'Bearer api-t0ken';

function pushed(id: string, commitId: string) {
  return {
    version: '0',
    id,
    source: 'aws.codecommit',
    account: '123456789012',
    'detail-type': 'CodeCommit Repository State Change',
    region: 'eu-central-1',
    detail: { event: 'referenceUpdated', repositoryName: 'shop', referenceFullName: 'refs/heads/main', commitId },
  };
}

describeLambda('the functions that hold no credential of a cluster', () => {
  let stage: LambdaStage;
  beforeAll(async () => {
    const cluster = { kubeconfig: { aws: 'sluice/dev/kubeconfig/shop' } };
    stage = await openLambdaStage({
      settings: { targets: [{ name: 'shop', source: { url, branch: 'main' }, cluster, interval: '1s' }] },
    });
  }, 180_000);
  afterAll(() => stage[Symbol.asyncDispose]());
  afterEach(() => {
    stage.cloud.fault = undefined;
    expect(stage.cloud.denied).toEqual([]);
  });

  function sent(): number {
    return stage.cloud.calls.filter((call) => call === 'sqs:SendMessage').length;
  }

  it('events queues the sync of a push to CodeCommit once, and ignores what is none of ours', async () => {
    await stage.functions.events.invoke(pushed('event-1', 'a'.repeat(40)));
    await stage.functions.events.invoke(pushed('event-1', 'a'.repeat(40)));
    await stage.functions.events.invoke({ source: 'aws.ecr', id: 'event-2', detail: {} });
    expect([sent(), stage.functions.events.sandboxes.length]).toEqual([1, 1]);
  });

  it('events fails while the table does not answer, so that Lambda hands the event over again', async () => {
    stage.cloud.fault = ({ service }) =>
      service === 'dynamodb' ? refuse(400, 'ResourceNotFoundException') : undefined;
    await expect(stage.functions.events.invoke(pushed('event-3', 'b'.repeat(40)))).rejects.toThrow('DynamoDB answered');
    stage.cloud.fault = undefined;
    const before = sent();
    await stage.functions.events.invoke(pushed('event-3', 'b'.repeat(40)));
    expect(sent()).toBe(before + 1);
  });

  it('api answers what the store knows to who has a token, and queues what is asked for', async () => {
    expect(await stage.http('api', httpEvent('GET', '/healthz'))).toMatchObject({
      status: 200,
      body: { status: 'ok' },
    });
    expect(await stage.http('api', httpEvent('GET', '/v1/targets'))).toMatchObject({ status: 401 });
    const headers = { authorization };
    expect(await stage.http('api', httpEvent('GET', '/v1/targets', { headers }))).toMatchObject({
      status: 200,
      body: { targets: [{ name: 'shop' }] },
    });
    expect(await stage.http('api', httpEvent('GET', '/v1/targets/other', { headers }))).toMatchObject({ status: 404 });
    const { status, body } = await stage.http('api', httpEvent('POST', '/v1/targets/shop/sync', { headers }));
    expect([status, body]).toEqual([202, expect.objectContaining({ target: 'shop', status: 'queued' })]);
    expect(await stage.run(body.id)).toMatchObject({ cause: { kind: 'manual', by: 'ops' } });
    expect(await stage.http('api', httpEvent('GET', '/v1/runs', { headers }))).toMatchObject({ status: 200 });
    expect(await stage.http('api', httpEvent('DELETE', '/v1/targets/shop', { headers }))).toMatchObject({
      status: 202,
    });
  });

  it('schedule runs to its end on what all of them have left behind', async () => {
    await stage.functions.schedule.invoke({});
    expect(stage.functions.schedule.output).not.toContain('"level":"error"');
  });

  it('write nowhere but into /tmp, and have no variables but those of the template and of Lambda', async () => {
    const [sandbox] = stage.functions.api.sandboxes;
    expect(sandbox?.variables().filter((name) => !/^(AWS|SLUICE|LAMBDA)_/.test(name))).toEqual([
      'LANG',
      'LD_LIBRARY_PATH',
      'PATH',
      'TZ',
      '_HANDLER',
    ]);
    expect(sandbox?.writable(['/', '/var', '/var/task', '/opt', '/root', '/etc', '/home', '/tmp'])).toEqual(['/tmp']);
  });
});

describeLambda('schedule', () => {
  it('queues a sync for a target that is due', async () => {
    const cluster = { kubeconfig: { aws: 'sluice/dev/kubeconfig/shop' } };
    await using stage = await openLambdaStage({
      settings: { targets: [{ name: 'shop', source: { url, branch: 'main' }, cluster, interval: '1s' }] },
    });
    await stage.functions.schedule.invoke({});
    expect(
      stage.cloud.calls.filter((call) => call === 'sqs:SendMessage'),
      stage.functions.schedule.output,
    ).toHaveLength(1);
    expect(stage.cloud.denied).toEqual([]);
  }, 180_000);
});
