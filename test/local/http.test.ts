import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { DeliveryRequest } from '../../lib/answer-delivery.ts';
import { Failure } from '../../lib/domain/failure.ts';
import { createHttpServer, type HttpServer } from '../../lib/local/http.ts';
import { createLog } from '../../lib/log.ts';

const secretId = 'k3v9-unguessable-0123456789';
const lines: string[] = [];
const log = createLog((line) => lines.push(line));
const deliveries: DeliveryRequest[] = [];
let receive: () => Promise<{ status: number; message: string }>;
let server: HttpServer;
let port: number;
let url: string;

beforeAll(async () => {
  server = createHttpServer(
    {
      webhookNames: new Map([
        ['acme', 'acme'],
        ['a~b', 'a~b'],
        [secretId, 'dockerhub'],
      ]),
      receive: (delivery) => {
        deliveries.push(delivery);
        return receive();
      },
    },
    { log, requestTimeoutSeconds: 1 },
  );
  port = await server.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${port}`;
});
afterAll(() => server.stop(0));
beforeEach(() => {
  receive = async () => ({ status: 202, message: 'Queued' });
  deliveries.length = 0;
  lines.length = 0;
});

/** What the server sends back for bytes that fetch would never send. */
async function raw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  return readAll(socket);
}

async function readAll(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return answer;
}

it('a delivery arrives with its id, its bytes and its headers in lower case', async () => {
  const bytes = Buffer.from([0, 255, 13, 10]);
  const response = await fetch(`${url}/webhooks/acme?x=1`, {
    method: 'POST',
    body: bytes,
    headers: { 'X-GitHub-Event': 'push' },
  });
  expect([response.status, await response.json()]).toEqual([202, { message: 'Queued' }]);
  expect(deliveries).toMatchObject([{ id: 'acme', method: 'POST', headers: { 'x-github-event': 'push' } }]);
  expect(deliveries[0]?.body.equals(bytes)).toBe(true);
});

it('a repeated header arrives as one, joined by commas', async () => {
  await raw(
    'POST /webhooks/acme HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  );
  expect(deliveries[0]?.headers['x-a']).toBe('1, 2');
});

it.each([
  [204, 'Nothing to do', ''],
  [401, 'Cannot verify', '{"error":{"fault":"user","message":"Cannot verify"}}\n'],
  [422, 'Cannot read', '{"error":{"fault":"user","message":"Cannot read"}}\n'],
])('the answer %i of a delivery goes back as it is', async (status, message, text) => {
  receive = async () => ({ status, message });
  const response = await fetch(`${url}/webhooks/acme`, { method: 'POST', body: '{}' });
  expect([response.status, await response.text()]).toEqual([status, text]);
});

it('a delivery that the queue refuses is 503 with Retry-After', async () => {
  receive = async () => {
    throw new Failure('server', 'Cannot send 1 message: the queue does not answer');
  };
  const response = await fetch(`${url}/webhooks/acme`, { method: 'POST', body: '{}' });
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await response.json()).toMatchObject({ error: { fault: 'server', message: 'Cannot queue the delivery' } });
});

it('a secret that cannot be read is 503, and its sender does not learn which', async () => {
  receive = async () => {
    throw new Failure('missing', 'Cannot read the secret "{ env: HOOK }": no such variable');
  };
  const response = await fetch(`${url}/webhooks/acme`, { method: 'POST', body: '{}' });
  expect(response.status).toBe(503);
  expect(await response.text()).not.toContain('HOOK');
  expect(lines.join()).toContain('HOOK');
});

it('an unforeseen error is not repeated, neither in the answer nor in the log', async () => {
  receive = async () => {
    throw new SyntaxError('Unexpected token s3cr3t');
  };
  const response = await fetch(`${url}/webhooks/acme`, { method: 'POST', body: '{}' });
  const text = await response.text();
  expect(response.status).toBe(503);
  expect(text + lines.join()).not.toContain('s3cr3t');
  expect(lines.join()).toContain('SyntaxError');
});

it.each([
  ['POST', '/webhooks/other', 404],
  ['POST', '/webhooks/', 404],
  ['POST', '/webhooks', 404],
  ['POST', '/webhooks/acme/', 404],
  ['POST', '/webhooks/acme/x', 404],
  ['POST', '//webhooks/acme', 404],
  ['POST', '/webhooks/%61cme', 202],
  ['POST', '/webhooks/a%7Eb', 202],
  ['POST', '/webhooks%2Facme', 404],
  ['POST', '/webhooks/acme%00', 404],
  ['POST', '/webhooks/%', 404],
  ['POST', '/webhooks/%ff', 404],
  ['POST', '/x/../webhooks/acme', 404],
  ['POST', `/webhooks/${'a'.repeat(5000)}`, 414],
  ['GET', '/webhooks/acme', 405],
  ['GET', '/webhooks/other', 404],
  ['OPTIONS', '/webhooks/acme', 405],
  ['GET', '/healthz', 200],
  ['HEAD', '/healthz', 200],
  ['POST', '/healthz', 405],
  ['GET', '/', 404],
  ['GET', '/v1/targets', 404],
  ['GET', 'http://other.example/healthz', 404],
  ['OPTIONS', '*', 404],
])('%s %s is %i', async (method, path, status) => {
  const answer = await raw(`${method} ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

it('a wrong method names the right one', async () => {
  const response = await fetch(`${url}/webhooks/acme`, { method: 'PUT', body: '{}' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
});

it('HEAD has the headers of GET and no body', async () => {
  const answer = await raw('HEAD /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  expect(answer).toContain('content-length: 16\r\n');
  expect(answer).toMatch(/\r\n\r\n$/);
});

it('a body of 8 MiB is taken, one byte more is 413', async () => {
  const status = async (size: number) =>
    (await fetch(`${url}/webhooks/acme`, { method: 'POST', body: Buffer.alloc(size) })).status;
  expect(await status(8 * 1024 * 1024)).toBe(202);
  expect(await status(8 * 1024 * 1024 + 1)).toBe(413);
  expect(deliveries.map(({ body }) => body.length)).toEqual([8 * 1024 * 1024]);
});

it('a chunked body over 8 MiB is 413 before it ends', async () => {
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      sent += 65_536;
      if (sent > 20 * 1024 * 1024) controller.close();
      else controller.enqueue(Buffer.alloc(65_536));
    },
  });
  const response = await fetch(`${url}/webhooks/acme`, { method: 'POST', body, duplex: 'half' } as RequestInit);
  expect(response.status).toBe(413);
  expect(deliveries).toEqual([]);
});

it('a body that comes too slowly is cut off, and nothing is delivered', async () => {
  const answer = await raw('POST /webhooks/acme HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{');
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(deliveries).toEqual([]);
});

it('a body that ends early is not delivered, and the server goes on', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('POST /webhooks/acme HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{');
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await once(socket, 'close');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(deliveries).toEqual([]);
});

it('the log holds no id of a webhook and nothing of a request', async () => {
  receive = async () => {
    throw new Failure('server', 'Cannot send 1 message: the queue does not answer');
  };
  await fetch(`${url}/webhooks/${secretId}`, {
    method: 'POST',
    body: 'b0dy',
    headers: { authorization: 'Bearer t0ken' },
  });
  expect(lines).toHaveLength(1);
  expect(lines.join()).not.toMatch(/unguessable|b0dy|t0ken/);
});

it('a port that is taken is a user failure with the way out', async () => {
  const second = createHttpServer({ webhookNames: new Map(), receive: () => receive() }, { log });
  await expect(second.listen(port, '127.0.0.1')).rejects.toMatchObject({
    fault: 'user',
    message: `Cannot listen on "127.0.0.1:${port}": another process listens there`,
    help: 'End that process, or choose another port with --port',
  });
});

it('stop answers what is under way and takes nothing new', async () => {
  const second = createHttpServer({ webhookNames: new Map([['acme', 'acme']]), receive: () => receive() }, { log });
  const address = `http://127.0.0.1:${await second.listen(0, '127.0.0.1')}`;
  const held = Promise.withResolvers<{ status: number; message: string }>();
  const reached = Promise.withResolvers<void>();
  receive = () => {
    reached.resolve();
    return held.promise;
  };
  const response = fetch(`${address}/webhooks/acme`, { method: 'POST', body: '{}' });
  await reached.promise;
  const stopped = second.stop(10);
  await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  held.resolve({ status: 202, message: 'Queued' });
  expect((await response).status).toBe(202);
  await stopped;
});

it('stop cuts off what is still under way after the grace', async () => {
  const second = createHttpServer({ webhookNames: new Map([['acme', 'acme']]), receive: () => receive() }, { log });
  const address = `http://127.0.0.1:${await second.listen(0, '127.0.0.1')}`;
  const reached = Promise.withResolvers<void>();
  receive = () => {
    reached.resolve();
    return new Promise(() => undefined);
  };
  const response = fetch(`${address}/webhooks/acme`, { method: 'POST', body: '{}' }).catch(() => 'cut off');
  await reached.promise;
  await second.stop(0.1);
  expect(await response).toBe('cut off');
});

it.each([
  ['acme', 'acme'],
  [secretId, 'dockerhub'],
])('what becomes of a delivery to %s is logged with the webhook %s', async (id, webhook) => {
  for (const outcome of [
    async () => ({ status: 401, message: 'Cannot verify the delivery' }),
    () => Promise.reject(new Failure('server', 'Cannot send')),
  ]) {
    receive = outcome;
    await fetch(`${url}/webhooks/${id}`, { method: 'POST', body: '{}' });
  }
  expect(lines.map((line) => JSON.parse(line).webhook)).toEqual([webhook, webhook]);
  expect(lines.join('')).not.toContain(secretId);
});

it('a connection is kept for longer than the minute that proxies keep it', async () => {
  const response = await fetch(`${url}/healthz`);
  expect(Number(/timeout=(\d+)/.exec(response.headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(60);
});
