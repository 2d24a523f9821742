import { createHash, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { AwsCall } from '../../../lib/adapters/aws/aws-request.ts';
import { startAws } from './client.ts';

const call: AwsCall = {
  service: 'ssm',
  method: 'POST',
  headers: { 'x-amz-target': 'AmazonSSM.GetParameter' },
  body: '{}',
};

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The signature of a request, written down again from AWS's own description of Signature Version 4. */
function signature(canonical: string, date: string, scope: string): string {
  const [day = '', region = '', service = ''] = scope.split('/');
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = ['aws4_request'].reduce(hmac as never, hmac(hmac(hmac('AWS4test', day), region), service)) as Buffer;
  return hmac(key, toSign).toString('hex');
}

it('a request is signed as Signature Version 4 has it', async () => {
  const { client, aws } = await startAws(() => ({ body: 'done' }));
  const path = '/bucket/a%20b/c%2Bd.yaml';
  expect(
    await client.request({ service: 's3', method: 'GET', path, headers: { 'if-none-match': '"x"' } }),
  ).toMatchObject({ status: 200, body: 'done' });
  const headers = aws.calls[0]?.headers ?? {};
  const [, scope = '', names = '', given] =
    /Credential=test\/(\S+), SignedHeaders=(\S+), Signature=(\S+)/.exec(String(headers.authorization)) ?? [];
  const lines = names.split(';').map((name) => `${name}:${headers[name]}\n`);
  const canonical = ['GET', path, '', lines.join(''), names, sha256('')].join('\n');
  expect(scope).toMatch(/^\d{8}\/eu-central-1\/s3\/aws4_request$/);
  expect(names.split(';')).toEqual(
    expect.arrayContaining(['host', 'if-none-match', 'x-amz-content-sha256', 'x-amz-date']),
  );
  expect(given).toBe(signature(canonical, String(headers['x-amz-date']), scope));
});

it('a presigned address holds the signature over the headers that must be sent along', async () => {
  const { client, aws } = await startAws(() => ({}));
  const headers = { 'x-k8s-aws-id': 'blue' };
  const url = new URL(
    await client.presign({ service: 'sts', method: 'GET', query: { Action: 'GetCallerIdentity' }, headers }, 60),
  );
  const given = url.searchParams.get('X-Amz-Signature');
  url.searchParams.delete('X-Amz-Signature');
  expect(url.searchParams.get('X-Amz-Expires')).toBe('60');
  expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-k8s-aws-id');
  const query = [...url.searchParams]
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .sort()
    .join('&');
  const canonical = ['GET', '/', query, `host:${url.host}\nx-k8s-aws-id:blue\n`, 'host;x-k8s-aws-id', sha256('')];
  const scope = String(url.searchParams.get('X-Amz-Credential')).replace('test/', '');
  expect(given).toBe(signature(canonical.join('\n'), String(url.searchParams.get('X-Amz-Date')), scope));
  expect(aws.calls).toEqual([]);
});

it.each([
  ['a throttled one', { status: 400, body: '{"__type":"ThrottlingException","message":"slow down"}' }],
  ['one that the server could not answer', { status: 503, body: '' }],
  ['one whose connection was cut', undefined],
])('a request is tried again after %s', async (_, first) => {
  let count = 0;
  const { client } = await startAws(() => (++count === 1 ? first : { body: 'done' }));
  expect(await client.request(call)).toMatchObject({ body: 'done' });
  expect(count).toBe(2);
});

it('a service that does not recover is asked three times, and its error is named as AWS names it', async () => {
  const { client, aws } = await startAws(() => ({
    status: 400,
    headers: { 'x-amzn-errortype': 'com.amazonaws#ThrottlingException:http://x' },
    body: '{"message":"slow \\"down\\""}',
  }));
  await expect(client.request(call)).rejects.toMatchObject({ name: 'ThrottlingException' });
  expect(aws.calls).toHaveLength(3);
});

it.each([
  ['JSON', { status: 400, body: '{"__type":"com.amazonaws.ssm#ParameterNotFound"}' }, 'ParameterNotFound'],
  ['XML', { status: 403, body: '<Error><Code>AccessDenied</Code><Message>no</Message></Error>' }, 'AccessDenied'],
  ['nothing', { status: 418, body: '' }, 'HTTP 418'],
])('a refusal in %s is not tried again', async (_, reply, name) => {
  const { client, aws } = await startAws(() => reply);
  await expect(client.request(call)).rejects.toMatchObject({ name });
  expect(aws.calls).toHaveLength(1);
});

it('a clock that is wrong by more than AWS takes is corrected by the answer', async () => {
  const offset = 600_000;
  const { client, aws } = await startAws(({ headers }) => {
    const at = String(headers['x-amz-date']).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
    const now = Date.now() + offset;
    if (Math.abs(Date.parse(at) - now) < 300_000) return { body: 'done' };
    return { status: 403, headers: { date: new Date(now).toUTCString() }, body: '<Code>RequestTimeTooSkewed</Code>' };
  });
  expect(await client.request(call)).toMatchObject({ body: 'done' });
  expect(await client.request(call)).toMatchObject({ body: 'done' });
  expect(aws.calls).toHaveLength(3);
});
