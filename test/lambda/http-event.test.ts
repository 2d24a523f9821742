import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { expect, it } from 'vitest';
import { answerHttp, readHttpEvent } from '../../lib/lambda/http-event.ts';
import { createLog } from '../../lib/log.ts';

function eventOf(fields: Partial<APIGatewayProxyEventV2> = {}): APIGatewayProxyEventV2 {
  const http = { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'x' };
  return {
    version: '2.0',
    routeKey: 'POST /webhooks/{id}',
    rawPath: '/webhooks/acme',
    rawQueryString: '',
    headers: {},
    requestContext: { http } as APIGatewayProxyEventV2['requestContext'],
    isBase64Encoded: false,
    ...fields,
  };
}

it.each([
  ['text', { body: 'ä\r\n', isBase64Encoded: false }, Buffer.from('ä\r\n')],
  ['base64', { body: '/wD/', isBase64Encoded: true }, Buffer.from([255, 0, 255])],
  ['nothing', {}, Buffer.alloc(0)],
])('the body of a request in %s is its bytes', (_, fields, bytes) => {
  expect(readHttpEvent(eventOf(fields)).body).toEqual(bytes);
});

it('headers are in lower case, whatever they came in', () => {
  const headers = { 'X-GitHub-Event': 'push', 'x-a': '1,2' };
  expect(readHttpEvent(eventOf({ headers })).headers).toEqual({ 'x-github-event': 'push', 'x-a': '1,2' });
});

it('a path comes in decoded segments, and the query beside it', () => {
  const { path, query } = readHttpEvent(eventOf({ rawPath: '/v1/targets/a%2Fb', rawQueryString: 'target=a%20b' }));
  expect([path, query.get('target')]).toEqual([['v1', 'targets', 'a/b'], 'a b']);
});

it('an answer goes back with its headers, JSON where it has a body', async () => {
  const log = createLog(() => undefined);
  expect(await answerHttp(eventOf(), log, async () => ({ status: 202, body: { runs: [] } }))).toEqual({
    statusCode: 202,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    body: '{"runs":[]}\n',
  });
  expect(await answerHttp(eventOf(), log, async () => ({ status: 204 }))).toMatchObject({ statusCode: 204, body: '' });
});

it('what is thrown is 503, so that the sender tries again, and is not told', async () => {
  const lines: string[] = [];
  const result = await answerHttp(
    eventOf(),
    createLog((line) => lines.push(line)),
    async () => {
      throw new SyntaxError('s3cr3t');
    },
  );
  expect(result).toMatchObject({ statusCode: 503, headers: { 'retry-after': '5' } });
  expect(JSON.stringify(result) + lines.join()).not.toContain('s3cr3t');
  expect(lines.join()).toContain('SyntaxError');
});
