import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProxyRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** How many of the same method and path came before. */
  readonly before: number;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** What goes wrong with a request; undefined: nothing. */
export type RegistryFault =
  | { readonly answer: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer }
  | { readonly reset: true }
  /** The connection is cut after so many bytes of the body. */
  | { readonly truncate: number }
  | { readonly delayMs: number }
  | { readonly alter: (answer: ProxyAnswer) => ProxyAnswer };

/** Stands before a real registry and breaks what it is told to. */
export interface RegistryProxy extends AsyncDisposable {
  readonly host: string;
  readonly requests: ProxyRequest[];
}

export async function startRegistryProxy(
  upstream: string,
  faultOf: (request: ProxyRequest) => RegistryFault | undefined,
): Promise<RegistryProxy> {
  const requests: ProxyRequest[] = [];
  const server = createServer(async (request, response) => {
    const { method = 'GET', url: path = '/', headers } = request;
    const before = requests.filter((one) => one.method === method && one.path === path).length;
    const seen = { method, path, headers, before };
    requests.push(seen);
    const fault = faultOf(seen) ?? { delayMs: 0 };
    if ('reset' in fault) return request.socket.resetAndDestroy();
    if ('answer' in fault) return response.writeHead(fault.answer, fault.headers ?? {}).end(fault.body);
    if ('delayMs' in fault) await sleep(fault.delayMs);
    const answer = await forward(upstream, method, path, headers);
    const { status, headers: fields, body } = 'alter' in fault ? fault.alter(answer) : answer;
    response.writeHead(status, fields);
    if (!('truncate' in fault)) return response.end(method === 'HEAD' ? undefined : body);
    response.write(body.subarray(0, fault.truncate));
    return response.socket?.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(
  upstream: string,
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
): Promise<ProxyAnswer> {
  const { accept = '*/*' } = headers;
  const answer = await fetch(`http://${upstream}${path}`, { method, headers: { accept }, redirect: 'manual' });
  const fields: Record<string, string> = {};
  for (const name of ['content-type', 'docker-content-digest', 'link']) {
    const value = answer.headers.get(name);
    if (value !== null) fields[name] = value;
  }
  const body = Buffer.from(await answer.arrayBuffer());
  return {
    status: answer.status,
    headers: { ...fields, ...(method !== 'HEAD' && { 'content-length': String(body.length) }) },
    body,
  };
}
