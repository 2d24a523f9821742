import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEcrCredential } from '../../../lib/adapters/aws/ecr-credential.ts';
import { useTestCredentials } from '../../fakes/aws/credentials.ts';

const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const answers: { status: number; body: unknown }[] = [];
const requests: { readonly target: unknown; readonly authorization: unknown }[] = [];

/** The one call of ECR's API that is made: AWS JSON 1.1. */
const server = createServer((request, response) => {
  requests.push({ target: request.headers['x-amz-target'], authorization: request.headers.authorization });
  const { status, body } = answers.shift() ?? { status: 500, body: {} };
  request.resume();
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
});

beforeAll(async () => {
  useTestCredentials();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

function create(now: () => number) {
  return createEcrCredential({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, now });
}

it('the role gets the credential of the region that the host names', async () => {
  const token = Buffer.from('AWS:a-password').toString('base64');
  answers.push({ status: 200, body: { authorizationData: [{ authorizationToken: token, expiresAt: 1e9 }] } });
  const credential = await create(() => 0)(host);
  expect(credential.username).toBe('AWS');
  expect(credential.basic()).toBe(`Basic ${token}`);
  expect(requests).toEqual([
    {
      target: 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
      authorization: expect.stringContaining('/eu-west-1/ecr/aws4_request'),
    },
  ]);
});

it('a role that may not is not tried again for ten minutes', async () => {
  let now = 0;
  const credentialOf = create(() => now);
  const refusal = { status: 400, body: { __type: 'AccessDeniedException', message: 'not authorized' } };
  answers.push(refusal, refusal);
  requests.length = 0;
  const message = expect.stringContaining(`Cannot get credentials of the registry "${host}"`);
  await expect(credentialOf(host)).rejects.toMatchObject({ message });
  await expect(credentialOf(host)).rejects.toMatchObject({ message });
  expect(requests).toHaveLength(1);
  now = 600_001;
  await expect(credentialOf(host)).rejects.toMatchObject({ message });
  expect(requests).toHaveLength(2);
});
