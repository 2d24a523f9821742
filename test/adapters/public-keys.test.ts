import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFindKey } from '../../lib/adapters/public-keys.ts';
import { Failure } from '../../lib/domain/failure.ts';

const minute = 60_000;
const hour = 60 * minute;

let server: Server;
let url: string;
let now: number;
let requests: number;
let answer: (response: ServerResponse) => void;
let findKey: ReturnType<typeof createFindKey>;

function keySet(...kids: readonly string[]): string {
  return JSON.stringify({ keys: kids.map((kid) => ({ kty: 'RSA', kid, n: `n-${kid}`, e: 'AQAB', use: 'sig' })) });
}

function answerWith(body: string, headers: Readonly<Record<string, string>> = {}, status = 200): void {
  answer = (response) => void response.writeHead(status, headers).end(body);
}

beforeEach(async () => {
  now = 1_800_000_000_000;
  requests = 0;
  answerWith(keySet('a', 'b'));
  findKey = createFindKey(() => now);
  server = createServer((_, response) => {
    requests++;
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it('a key is asked for once, however many wait for it', async () => {
  const keys = await Promise.all(['a', 'b', 'a', 'c'].map((kid) => findKey(url, kid)));
  expect(keys.map((key) => key?.n)).toEqual(['n-a', 'n-b', 'n-a', undefined]);
  expect(await findKey(url, 'a')).toMatchObject({ n: 'n-a' });
  expect(requests).toBe(1);
});

it.each([
  ['an hour where the answer does not say', {}, hour],
  ['as long as the answer says', { 'cache-control': 'public, max-age=20000, must-revalidate' }, 20_000_000],
  ['a minute at least', { 'cache-control': 'max-age=0' }, minute],
  ['a day at most', { 'cache-control': 'max-age=99999999' }, 24 * hour],
])('a key is kept for %s', async (_what, headers, milliseconds) => {
  answerWith(keySet('a'), headers);
  await findKey(url, 'a');
  now += milliseconds - 1;
  await findKey(url, 'a');
  expect(requests).toBe(1);
  now += 1;
  await findKey(url, 'a');
  expect(requests).toBe(2);
});

it('an unknown key is asked for at most once a minute', async () => {
  await findKey(url, 'a');
  for (let second = 0; second < 60; second++) {
    expect(await findKey(url, `unknown-${second}`)).toBeUndefined();
    now += 1000;
  }
  expect(requests).toBe(1);
  answerWith(keySet('b', 'new'));
  expect(await findKey(url, 'new')).toMatchObject({ n: 'n-new' });
  expect(await findKey(url, 'a')).toBeUndefined();
  expect(requests).toBe(2);
});

it.each([
  ['an error', () => answerWith('', {}, 500), /it answers 500$/],
  ['no JSON', () => answerWith('<html>'), /no JSON Web Key Set$/],
  ['another shape', () => answerWith('{"keys":{}}'), /no JSON Web Key Set$/],
  ['too much', () => answerWith(' '.repeat(300_000)), /does not answer$/],
  ['another address', () => answerWith('', { location: 'http://127.0.0.1:1/' }, 302), /does not answer$/],
  [
    'half an answer',
    () => (answer = (response) => void response.writeHead(200, { 'content-length': '9' }).destroy()),
    /does not answer$/,
  ],
])('%s is a server failure, and is asked again after five seconds', async (_what, spoil, message) => {
  spoil();
  const failure = await findKey(url, 'a').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ fault: 'server', message: expect.stringMatching(message) });
  answerWith(keySet('a'));
  now += 4999;
  await expect(findKey(url, 'a')).rejects.toBe(failure);
  expect(requests).toBe(1);
  now += 1;
  expect(await findKey(url, 'a')).toMatchObject({ n: 'n-a' });
});

it('keys that are known count for another day while nobody answers, others are no verdict', async () => {
  await findKey(url, 'a');
  answerWith('', {}, 503);
  now += 2 * hour;
  expect(await findKey(url, 'a')).toMatchObject({ n: 'n-a' });
  await expect(findKey(url, 'c')).rejects.toThrow('it answers 503');
  now += 24 * hour;
  await expect(findKey(url, 'a')).rejects.toThrow('it answers 503');
});

it('keys of other kinds are left out', async () => {
  answerWith(
    JSON.stringify({ keys: [null, { kty: 'EC', kid: 'e', x: '', y: '' }, { kty: 'oct', kid: 'o', k: 'c2VjcmV0' }] }),
  );
  expect(await Promise.all(['e', 'o'].map((kid) => findKey(url, kid)))).toEqual([undefined, undefined]);
});

it('one address knows nothing of the keys of another', async () => {
  await findKey(url, 'a');
  answerWith(keySet('other'));
  expect(await findKey(`${url}?2`, 'a')).toBeUndefined();
  expect(requests).toBe(2);
});
