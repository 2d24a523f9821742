import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { deliver, statusOf, without } from './deliver.ts';
import { exampleOf } from './examples/examples.ts';
import { replaced } from './payload-fields.ts';

const server = exampleOf('bitbucket-server');
const ping = { headers: { 'x-event-key': 'diagnostics:ping' }, payload: { test: true } };

it('the ping of "Test connection", which is not signed, is nothing to do', async () => {
  const onTheWay = (headers: Headers) => without(headers, 'x-hub-signature');
  expect(statusOf(await deliver(server, { ...ping, onTheWay }))).toBe(204);
  expect(statusOf(await deliver(server, { ...ping, onTheWay, json: '{' }))).toBe(204);
});

it('a ping with a wrong signature is refused, and a push does not pass for a ping', async () => {
  expect(statusOf(await deliver(server, { ...ping, secret: server.otherSecret }))).toBe(401);
  const onTheWay = (headers: Headers) => ({
    ...without(headers, 'x-hub-signature'),
    'x-event-key': 'diagnostics:ping, repo:refs_changed',
  });
  expect(statusOf(await deliver(server, { onTheWay }))).toBe(401);
});

it('an old server, which gives no addresses, needs its own', async () => {
  const payload = replaced(server.payload, 'repository.links', undefined);
  expect(await deliver(server, { payload, settings: { server: undefined } })).toEqual({
    status: 200,
    message: 'Cannot read the delivery: its repository has no clone addresses',
    help: expect.stringContaining('server'),
  });
});

// flux-recv took it, and what is sent to it may be sent to us.
it.each([
  ['sha512', 202],
  ['sha256', 202],
  ['sha1', 401],
])('a signature with %s is answered %i', async (algorithm, status) => {
  const body = Buffer.from(JSON.stringify(server.payload));
  const signature = `${algorithm}=${createHmac(algorithm, server.secret).update(body).digest('hex')}`;
  const onTheWay = (headers: Headers) => ({ ...headers, 'x-hub-signature': signature });
  expect(statusOf(await deliver(server, { body, onTheWay }))).toBe(status);
});
