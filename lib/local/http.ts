import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, answerFailure, logError, refuse, refuseBusy, refuseMethod } from '../answer.ts';
import { type ApiHandlers, answerApi } from '../answer-api.ts';
import { Failure } from '../domain/failure.ts';
import type { Log } from '../log.ts';
import { createBodyReader } from './read-body.ts';
import { sendAnswer } from './send-answer.ts';

/** A delivery to `POST /webhooks/{id}`; its bytes are what the signature is over. */
export interface DeliveryRequest {
  readonly id: string;
  readonly method: string;
  /** Names in lower case; repeated headers joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface DeliveryAnswer {
  readonly status: number;
  readonly message: string;
  /** What to do about a refusal. */
  readonly help?: string;
  /** Of a 202: the ids of the runs. */
  readonly runs?: readonly string[];
}

/** What stands behind the paths. */
export interface HttpHandlers {
  /** What the log calls each configured webhook, by its id, which may be a secret: other ids are 404. */
  readonly webhookNames: ReadonlyMap<string, string>;
  /** The status of DESIGN §5.2 and a line for people. What it throws is logged and answered 503, so that the sender tries again. */
  receive(delivery: DeliveryRequest): Promise<DeliveryAnswer>;
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
const noApi = { help: 'Add api.tokens to its sluice.yaml' };

/**
 * The HTTP side of `sluice serve` (DESIGN §5.2): `POST /webhooks/{id}`, `GET /healthz` and `/v1`. Bounds everything before it is kept, logs no
 * header, body, token or secret id, and knows no use case.
 */
export function createHttpServer(handlers: HttpHandlers, options: HttpOptions): HttpServer {
  const { log } = options;
  const readBody = createBodyReader(bodyLimits);
  const knownIds = [...handlers.webhookNames.keys()].map(digestOf);
  const timeout = (options.requestTimeoutSeconds ?? 30) * 1000;
  const server = createServer(
    { requestTimeout: timeout, headersTimeout: Math.min(timeout, 10_000), connectionsCheckingInterval: 1000 },
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
    if (first === 'healthz' && second === undefined) return answerHealth(request);
    if (first === 'webhooks' && second !== undefined && rest.length === 0) return answerDelivery(request, second);
    if (first === 'v1' && path !== undefined) {
      if (handlers.api === undefined) return refuse(404, 'missing', 'Cannot answer: this server has no API', noApi);
      const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt));
      const authorizations = request.headersDistinct.authorization ?? [];
      const authorization = authorizations.length === 1 ? authorizations[0] : undefined;
      return answerApi({ method: request.method ?? '', path: path.slice(1), query, authorization }, handlers.api, log);
    }
    return refuse(404, 'missing', 'Cannot answer: there is nothing at this path');
  }

  function answerHealth(request: IncomingMessage): Answer {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod('GET');
    return { status: 200, body: { status: 'ok' } };
  }

  async function answerDelivery(request: IncomingMessage, id: string): Promise<Answer> {
    if (!isKnown(id, knownIds)) return refuse(404, 'missing', 'Cannot answer: there is nothing at this path');
    if (request.method !== 'POST') return refuseMethod('POST');
    const own = log.child({ webhook: handlers.webhookNames.get(id) });
    const body = await readBody(request);
    if ('refused' in body) {
      if (body.refused === 'busy') return refuseBusy('Cannot take the delivery: too many at once');
      if (body.refused === 'aborted') return refuse(400, 'user', 'Cannot take the delivery: its body ended early');
      return refuse(413, 'user', 'Cannot take the delivery: its body is over 8 MiB');
    }
    const headers = Object.fromEntries(
      Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
    );
    try {
      const { status, message, help, runs } = await handlers.receive({ id, method: 'POST', headers, body: body.bytes });
      if (status === 503) return refuseBusy(message);
      if (status >= 400 || status === 200) {
        // The sender keeps the answer to itself, and 200 is a refusal that it must not take for one; who runs the server has to see that a hook does not work.
        own.warn('A delivery was refused', { status, error: message });
        return refuse(status, status === 404 ? 'missing' : 'user', message, { help });
      }
      return status === 204 ? { status } : { status, body: { message, runs } };
    } catch (error) {
      // Whatever it is (the queue, a secret of ours that cannot be read), the sender has not done it and need not know it.
      logError('A delivery could not be queued', error, own);
      return refuseBusy('Cannot queue the delivery');
    }
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

/** Compares with every id, by digests of one length: the time tells nothing of an id. */
function isKnown(id: string, known: readonly Buffer[]): boolean {
  const given = digestOf(id);
  let match = false;
  for (const candidate of known) {
    if (timingSafeEqual(given, candidate)) match = true;
  }
  return match;
}

function digestOf(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}

/** Segments of a path, each decoded by itself, so that an encoded slash parts nothing; undefined if it is none. */
function decodePath(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
