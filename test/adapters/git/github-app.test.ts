import { generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { parseAddress } from '../../../lib/adapters/git/address.ts';
import { createGithubApps } from '../../../lib/adapters/git/github-app.ts';
import { failureOf, secretsFrom } from './shared.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const app = { appId: '42', installationId: '7', privateKey: { env: 'KEY' } };
const address = parseAddress('https://github.com/acme/shop.git', false);
let server: Server | undefined;
afterEach(() => server?.close());

/** Answers like GitHub; gives its address and the requests it got. */
async function github(status: number, body: string): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

it('an app gets a token for a JWT that its key signed, once', async () => {
  const { url, requests } = await github(201, '{"token":"ghs_abc","expires_at":"2030-01-01T00:00:00Z"}');
  const apps = createGithubApps(secretsFrom({ KEY: privateKey }), url);
  expect(await apps.token(address, app)).toBe('ghs_abc');
  expect(await apps.token(address, app)).toBe('ghs_abc');

  expect(requests).toHaveLength(1);
  const [, jwt = ''] = /^POST \/app\/installations\/7\/access_tokens Bearer (.*)$/.exec(requests[0] ?? '') ?? [];
  const [head = '', claims = '', signature = ''] = jwt.split('.');
  expect(verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(
    true,
  );
  const { iss, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  expect(iss).toBe('42');
  expect(exp - iat).toBeLessThanOrEqual(600);
  expect(exp).toBeGreaterThan(Date.now() / 1000);
});

it.each([
  [401, '{"message":"bad"}', 'user', /answers 401$/],
  [404, '{}', 'user', /answers 404$/],
  [503, '', 'server', /answers 503$/],
  [201, 'not json', 'server', /answers without a token$/],
])('an answer %i %s is a %s failure', async (status, body, fault, message) => {
  const { url } = await github(status, body);
  const failure = await failureOf(createGithubApps(secretsFrom({ KEY: privateKey }), url).token(address, app));
  expect(failure.fault).toBe(fault);
  expect(failure.message).toMatch(message);
});

it('a key that is none is refused without a word of it', async () => {
  const failure = await failureOf(
    createGithubApps(secretsFrom({ KEY: 'hunter2' }), 'http://127.0.0.1:1').token(address, app),
  );
  expect(failure.message).toBe('Cannot get a token of the GitHub App "42": its privateKey is not a PEM private key');
  expect(String(failure.stack)).not.toMatch(/hunter2/);
});

it('a GitHub that does not answer is a server failure', async () => {
  const failure = await failureOf(
    createGithubApps(secretsFrom({ KEY: privateKey }), 'http://127.0.0.1:1').token(address, app),
  );
  expect(failure.fault).toBe('server');
});
