import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Access } from './access.ts';

/** One request as it goes out. */
export interface Exchange {
  readonly method: string;
  /** Path and query below the server's own path. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** From the moment it has a connection until the whole answer is there. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Asked when it has a connection, before anything of it is sent; `exchange` rejects with `NotHeld` if it throws. */
  readonly held?: (() => void) | undefined;
}

/** The request may not be sent any more; nothing of it was. `cause` says why. */
export class NotHeld extends Error {
  override readonly name = 'NotHeld';
}

export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** The connections to one API server. Errors are node's, with its codes; an end before the end of the body is `ECONNRESET`. */
export interface Transport {
  exchange(exchange: Exchange): Promise<Answer>;
  close(): void;
}

/**
 * Requests in flight. HTTP/1.1 on this many kept connections did as many server-side applies a second as one HTTP/2 connection, on loopback
 * and over 25 ms, and passes every proxy and load balancer.
 */
const connections = 48;
const connectTimeoutMs = 10_000;
const maxAnswerBytes = 256 * 1024 * 1024;
/** The server quotes the object that it refuses; a Status cut short could not be read. */
const maxRefusalBytes = 4 * 1024 * 1024;

export function createTransport(access: Access): Transport {
  const { url, tls } = access;
  const agentOptions = {
    keepAlive: true,
    maxSockets: connections,
    ...(access.proxy !== undefined && { proxyEnv: { HTTP_PROXY: access.proxy, HTTPS_PROXY: access.proxy } }),
  };
  const agent = tls ? new HttpsAgent({ ...agentOptions, ...tls }) : new HttpAgent(agentOptions);
  const request = tls ? requestHttps : requestHttp;
  const prefix = url.pathname.replace(/\/$/, '');

  function send(exchange: Exchange): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { method, path, body, signal } = exchange;
    const call = request({
      agent,
      method,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (tls ? 443 : 80),
      path: prefix + path,
      headers: {
        ...(access.headers as Record<string, string | string[]>),
        ...exchange.headers,
        // A page of 500 objects has 200 to 500 KB; packing it costs both sides 2 ms.
        ...(method === 'GET' && { 'accept-encoding': 'gzip' }),
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
      ...(signal && { signal }),
    });
    const { held } = exchange;
    // Before `_flush`: a request is written to its connection right after it was told of it.
    if (held) call.prependListener('socket', () => endUnless(held, call));
    startTimers(call, exchange.timeoutMs, tls ? 'secureConnect' : 'connect');
    call.on('response', (response) => readAnswer(response).then(resolve, reject));
    call.on('error', (error) => reject(Object.assign(error, { stale: call.reusedSocket })));
    call.end(body);
    return promise;
  }

  return {
    async exchange(exchange) {
      try {
        return await send(exchange);
      } catch (error) {
        if (!isStale(error)) throw error;
        return send(exchange);
      }
    },
    close: () => agent.destroy(),
  };
}

/** A kept connection that the server had closed while it was idle: nothing was answered on it (https://nodejs.org/api/http.html#requestreusedsocket). */
function isStale(error: unknown): boolean {
  const { code, stale } = error as { code?: string; stale?: boolean };
  return stale === true && (code === 'ECONNRESET' || code === 'EPIPE');
}

function endUnless(held: () => void, call: ClientRequest): void {
  try {
    held();
  } catch (cause) {
    call.destroy(new NotHeld('it may not be sent any more', { cause }));
  }
}

/** Waiting for one of the kept connections counts for nothing: timers begin with the connection. */
function startTimers(call: ClientRequest, timeoutMs: number, connected: 'connect' | 'secureConnect'): void {
  let pending: { destroy(error: Error): unknown } = call;
  const timers: NodeJS.Timeout[] = [];
  function giveUpAfter(ms: number, code: string): NodeJS.Timeout {
    const timer = setTimeout(() => pending.destroy(withCode(code, `nothing within ${ms} ms`)), ms);
    timers.push(timer);
    return timer;
  }
  call.on('socket', (socket) => {
    if (socket.connecting) {
      const connecting = giveUpAfter(Math.min(connectTimeoutMs, timeoutMs), 'ERR_CONNECT_TIMEOUT');
      socket.once(connected, () => clearTimeout(connecting));
    }
    giveUpAfter(timeoutMs, 'ETIMEDOUT');
  });
  call.on('response', (response) => {
    pending = response;
  });
  call.on('close', () => {
    for (const timer of timers) clearTimeout(timer);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const limit = status < 400 ? maxAnswerBytes : maxRefusalBytes;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of unpacked(response)) {
    bytes += (chunk as Buffer).length;
    if (bytes > limit) throw withCode('ERR_ANSWER_TOO_LARGE', `an answer of more than ${limit} bytes`);
    chunks.push(chunk as Buffer);
  }
  return { status, headers: response.headers, body: Buffer.concat(chunks, bytes) };
}

function unpacked(response: IncomingMessage): Readable {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  const gunzip = createGunzip();
  response.on('error', (error) => gunzip.destroy(error));
  return response.pipe(gunzip);
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
