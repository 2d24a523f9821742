import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, answerFailure, answerHealth, refuse } from '../answer.ts';
import { type ApiHandlers, answerApi } from '../answer-api.ts';
import { createDeliveryAnswers, type DeliveryHandlers } from '../answer-delivery.ts';
import { Failure } from '../domain/failure.ts';
import type { Log } from '../log.ts';
import { decodePath } from '../path-segments.ts';
import { createBodyReader } from './read-body.ts';
import { sendAnswer } from './send-answer.ts';

/** What stands behind the paths. */
export interface HttpHandlers extends DeliveryHandlers {
  /** Absent: there is no `/v1`. */
  readonly api?: ApiHandlers;
}

export interface HttpOptions {
  readonly log: Log;
  /** For a whole request, its body included; default 30. */
  readonly requestTimeoutSeconds?: number;
}

export interface HttpServer {
  /** Resolves with the port (0 asks for a free one). Throws a `user` Failure if it cannot be had. */
  listen(port: number, host: string): Promise<number>;
  /** Takes no more connections, lets what is under way finish, and cuts it off after `graceSeconds`. */
  stop(graceSeconds: number): Promise<void>;
}

const bodyLimits = { each: 8 * 1024 * 1024, together: 128 * 1024 * 1024 };
const maxUrlLength = 4096;
/** Longer than proxies keep a connection that is idle: one that we close first is one on which they have just sent a delivery. */
const keepAliveMs = 75_000;

/**
 * The HTTP side of `sluice serve` (DESIGN §5.2): `POST /webhooks/{id}`, `GET /healthz` and `/v1`. Bounds everything before it is kept, logs no
 * header, body, token or secret id, and knows no use case.
 */
export function createHttpServer(handlers: HttpHandlers, options: HttpOptions): HttpServer {
  const { log } = options;
  const readBody = createBodyReader(bodyLimits);
  const answerDelivery = createDeliveryAnswers(handlers, log);
  const timeout = (options.requestTimeoutSeconds ?? 30) * 1000;
  const server = createServer(
    {
      requestTimeout: timeout,
      headersTimeout: Math.min(timeout, 10_000),
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: keepAliveMs,
    },
    (request, response) => void respond(request, response),
  );
  server.maxConnections = 1000;

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await route(request);
    } catch (error) {
      answer = answerFailure(error, log);
    }
    await sendAnswer(request, response, answer, !server.listening);
  }

  async function route(request: IncomingMessage): Promise<Answer> {
    const url = request.url ?? '';
    if (url.length > maxUrlLength) return refuse(414, 'user', 'Cannot answer: the address is too long');
    const queryAt = url.indexOf('?');
    const path = decodePath(queryAt < 0 ? url : url.slice(0, queryAt));
    const [first, second, ...rest] = path ?? [];
    if (first === 'healthz' && second === undefined) return answerHealth(request.method ?? '');
    if (first === 'webhooks' && second !== undefined && rest.length === 0) return answerWebhook(request, second);
    if (first === 'v1' && path !== undefined) {
      const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt));
      const authorizations = request.headersDistinct.authorization ?? [];
      const authorization = authorizations.length === 1 ? authorizations[0] : undefined;
      return answerApi({ method: request.method ?? '', path: path.slice(1), query, authorization }, handlers.api, log);
    }
    return refuse(404, 'missing', 'Cannot answer: there is nothing at this path');
  }

  function answerWebhook(request: IncomingMessage, id: string): Promise<Answer> {
    const headers = Object.fromEntries(
      Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
    );
    return answerDelivery({ id, method: request.method ?? '', headers, readBody: () => readBody(request) });
  }

  async function listen(port: number, host: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const found = cause.code === 'EADDRINUSE' ? 'another process listens there' : cause.message;
      const help = 'End that process, or choose another port with --port';
      reject(new Failure('user', `Cannot listen on "${host}:${port}": ${found}`, { help, cause }));
    });
    server.listen(port, host, resolve);
    await promise;
    return (server.address() as AddressInfo).port;
  }

  async function stop(graceSeconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), graceSeconds * 1000);
    await promise;
    clearTimeout(timer);
  }
  return { listen, stop };
}
