import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks the server behind, with another body if one is given. */
export type Forward = (body?: string) => Promise<Answer>;

/**
 * Decides on the answer to one request: `action` is the name of the AWS action. `undefined` closes the connection without an
 * answer.
 */
export type Intercept = (action: string, body: string, forward: Forward) => Promise<Answer | undefined>;

export interface FaultyProxy extends AsyncDisposable {
  readonly endpoint: string;
}

/** A proxy on a free port of loopback for faults between the SDK and a server that speaks one of its JSON protocols. */
export async function startProxy(endpoint: string, intercept: Intercept): Promise<FaultyProxy> {
  const server = createServer((request, response) => {
    answer(endpoint, intercept, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(endpoint: string, intercept: Intercept, request: IncomingMessage, response: ServerResponse) {
  const body = Buffer.concat(await request.toArray()).toString();
  const target = String(request.headers['x-amz-target']);
  const headers = {
    'content-type': String(request.headers['content-type']),
    'x-amz-target': target,
    authorization: String(request.headers.authorization),
    'x-amz-date': String(request.headers['x-amz-date']),
  };
  const found = await intercept(target.split('.').at(-1) ?? '', body, async (sent = body) => {
    const forwarded = await fetch(endpoint, { method: 'POST', headers, body: sent });
    return { status: forwarded.status, body: await forwarded.text() };
  });
  if (found === undefined) response.destroy();
  else response.writeHead(found.status, { 'content-type': headers['content-type'] }).end(found.body);
}
