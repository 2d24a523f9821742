import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeShared } from '../../shared.ts';
import { refuse } from './cloud.ts';
import { describeLambda, type LambdaStage, openLambdaStage } from './lambda-stage.ts';
import { httpEvent, pushEvent, signedHeaders } from './requests.ts';

const url = 'https://github.com/acme/shop.git';
const cluster = { kubeconfig: { aws: 'sluice/dev/kubeconfig/shop' } };

function targets(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    name: `shop-${index}`,
    source: { url, branch: 'main' },
    cluster,
  }));
}

/** Forty hexadecimal digits, new ones each time. */
let commits = 0;
function commit(): string {
  commits++;
  return commits.toString(16).padStart(40, '0');
}

describeLambda('the function webhook', () => {
  let stage: LambdaStage;
  beforeAll(async () => {
    stage = await openLambdaStage({ settings: { targets: targets(2) }, clock: true });
  }, 180_000);
  afterAll(() => stage[Symbol.asyncDispose]());
  beforeEach(() => {
    stage.cloud.fault = undefined;
  });
  afterEach(() => {
    expect(stage.cloud.denied).toEqual([]);
  });

  it('queues the syncs of a push, cold and warm', async () => {
    const answers = [await stage.deliver({ url, after: commit() }), await stage.deliver({ url, after: commit() })];
    expect(answers.map(({ status, body }) => [status, body.runs.length])).toEqual([
      [202, 2],
      [202, 2],
    ]);
    expect(stage.functions.webhook.sandboxes).toHaveLength(1);
  });

  it('answers a delivery that comes twice with the same runs', async () => {
    const push = { url, after: commit(), delivery: 'twice' };
    const [first, second] = [await stage.deliver(push), await stage.deliver(push)];
    expect(second).toEqual(first);
  });

  it('takes a body in base64, and headers in any case', async () => {
    const { body, headers } = pushEvent({ url, after: commit() });
    const base64 = httpEvent('POST', '/webhooks/github', {
      headers,
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    });
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), String(value)]),
    );
    expect(await stage.http('webhook', base64)).toMatchObject({ status: 202 });
    expect(await stage.http('webhook', httpEvent('POST', '/webhooks/github', { headers: upper, body }))).toMatchObject({
      status: 202,
    });
  });

  it('takes what a function can be given at most, 6 MB', async () => {
    const { body } = pushEvent({ url, after: commit() });
    const long = JSON.stringify({ ...JSON.parse(body), commits: [{ message: 'x'.repeat(5_900_000) }] });
    const event = httpEvent('POST', '/webhooks/github', { body: long, headers: signedHeaders(long) });
    expect(Buffer.byteLength(JSON.stringify(event))).toBeGreaterThan(5_900_000);
    expect(await stage.http('webhook', event)).toMatchObject({ status: 202 });
  });

  it.each([
    ['an unknown id', '/webhooks/other', {}, 404],
    ['no signature', '/webhooks/github', { 'x-hub-signature-256': '' }, 401],
    ['a wrong one', '/webhooks/github', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }, 401],
    ['another event', '/webhooks/github', { 'x-github-event': 'ping' }, 204],
  ])('answers %s to %s as DESIGN §5.2 says', async (_, path, more, status) => {
    const { body, headers } = pushEvent({ url, after: commit() });
    const answer = await stage.http('webhook', httpEvent('POST', path, { body, headers: { ...headers, ...more } }));
    expect(answer.status).toBe(status);
  });

  it('takes a delivery that is signed with a secret that was rotated a moment ago, once it may look', async () => {
    await stage.deliver({ url, after: commit() });
    stage.cloud.secrets.set('sluice/dev/webhook/github', 'before');
    await stage.moveClock(70_000);
    expect(await stage.deliver({ url, after: commit() })).toMatchObject({ status: 401 });
    stage.cloud.secrets.set('sluice/dev/webhook/github', 'webhook-s3cr3t');
    await stage.moveClock(81_000);
    expect(await stage.deliver({ url, after: commit() })).toMatchObject({ status: 202 });
    await stage.moveClock(0);
  });

  it('goes on after ten minutes in which it was frozen and its connections were cut', async () => {
    await stage.deliver({ url, after: commit() });
    const [sandbox] = stage.functions.webhook.sandboxes;
    sandbox?.freeze();
    stage.cloud.cut();
    await stage.moveClock(600_000);
    sandbox?.thaw();
    const answer = await stage.deliver({ url, after: commit() });
    expect([answer.status, stage.functions.webhook.sandboxes[0]]).toEqual([202, sandbox]);
    await stage.moveClock(0);
  });

  it.each([
    ['Secrets Manager is down', (service: string) => service === 'secretsmanager' && { status: 500, body: '' }],
    ['its credentials have expired', () => refuse(400, 'ExpiredTokenException')],
    ['the table is throttled', (service: string) => service === 'dynamodb' && refuse(400, 'ThrottlingException')],
    ['the queue is not there', (service: string) => service === 'sqs' && refuse(400, 'QueueDoesNotExist')],
    ['nobody answers', () => 'cut' as const],
  ])('answers 503 while %s, and the delivery is taken when it comes again', async (_, fault) => {
    // A process that has kept nothing.
    await Promise.all(stage.functions.webhook.sandboxes.map((sandbox) => sandbox.kill()));
    const push = { url, after: commit(), delivery: `again-${commits}` };
    stage.cloud.fault = ({ service }) => fault(service) || undefined;
    expect(await stage.deliver(push)).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    stage.cloud.fault = undefined;
    const { status, body } = await stage.deliver(push);
    expect(status).toBe(202);
    for (const run of body.runs) expect(await stage.run(run)).toMatchObject({ status: 'queued' });
  });

  it('takes a delivery while the table is throttled for a moment', async () => {
    let throttled = 0;
    stage.cloud.fault = ({ service }) => {
      if (service !== 'dynamodb' || throttled >= 2) return undefined;
      throttled++;
      return refuse(400, 'ThrottlingException');
    };
    expect(await stage.deliver({ url, after: commit() })).toMatchObject({ status: 202 });
    expect(throttled).toBe(2);
  });

  it('never tells a secret', () => {
    const { output } = stage.functions.webhook;
    expect(output).toContain('delivery queued');
    for (const secret of ['webhook-s3cr3t', 'x-hub-signature', 'AWS_SECRET', 'sha256='])
      expect(output).not.toContain(secret);
  });

  describeShared('recorded events of Lambda', (shared) => {
    it.each([
      ['_lambda-v2-event-text-github-push', 204],
      ['_lambda-v2-event-base64-github-push', 204],
      ['_lambda-v2-event-form-github-ping', 204],
    ])('%s is verified as it came', async (name, status) => {
      const { body: event } = JSON.parse(readFileSync(join(shared, `payloads/${name}.json`), 'utf8'));
      await Promise.all(stage.functions.webhook.sandboxes.map((sandbox) => sandbox.kill()));
      stage.cloud.secrets.set('sluice/dev/webhook/github', 'topsecret');
      const sent = { ...event, rawPath: '/webhooks/github' };
      expect((await stage.http('webhook', sent)).status).toBe(status);
      const changed = { ...sent, headers: { ...sent.headers, 'x-hub-signature-256': `sha256=${'1'.repeat(64)}` } };
      expect((await stage.http('webhook', changed)).status).toBe(401);
      stage.cloud.secrets.set('sluice/dev/webhook/github', 'webhook-s3cr3t');
    });
  });
});

describeLambda('a push that concerns 500 targets', () => {
  it('is queued whole, although entries of a batch are refused at first', async () => {
    await using stage = await openLambdaStage({ settings: { targets: targets(500) } });
    let refused = 0;
    stage.cloud.fault = ({ service, body }) => {
      if (service !== 'sqs' || refused > 0) return undefined;
      const entries = JSON.parse(body).Entries as { Id: string }[];
      refused = entries.length;
      const Failed = entries.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false }));
      return {
        headers: { 'content-type': 'application/x-amz-json-1.0' },
        body: JSON.stringify({ Successful: [], Failed }),
      };
    };
    const { status, body } = await stage.deliver({ url, after: commit() });
    expect([status, new Set(body.runs).size, refused]).toEqual([202, 500, 10]);
    const sent = stage.cloud.calls.filter((call) => call === 'sqs:SendMessage');
    expect(sent.length).toBe(51);
  }, 180_000);
});
