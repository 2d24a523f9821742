import type { ApiError } from './api.ts';
import { Failure } from './domain/failure.ts';
import type { Log } from './log.ts';

/** What is answered to an HTTP request, whoever sends it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON; absent = no body. */
  readonly body?: unknown;
}

/** Body and headers of an answer as they are sent; the body is empty where there is none. */
export function encodeAnswer(answer: Answer): { readonly body: string; readonly headers: Record<string, string> } {
  const body = answer.body === undefined ? '' : `${JSON.stringify(answer.body)}\n`;
  return {
    body,
    headers: {
      ...(body !== '' && { 'content-type': 'application/json; charset=utf-8' }),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...answer.headers,
    },
  };
}

/** `GET /healthz`: whoever answers it is there. */
export function answerHealth(method: string): Answer {
  if (method !== 'GET' && method !== 'HEAD') return refuseMethod('GET');
  return { status: 200, body: { status: 'ok' } };
}

const statusOf = { user: 422, missing: 404, server: 500 } as const;

/** The answer that a Failure makes, by its fault; of any other error nothing is told. */
export function answerFailure(error: unknown, log: Log): Answer {
  if (!(error instanceof Failure) || error.fault === 'server') logError('A request could not be answered', error, log);
  if (error instanceof Failure) return refuse(statusOf[error.fault], error.fault, error.message, { help: error.help });
  return refuse(500, 'server', 'Cannot answer: an unforeseen error, which the log of the server names');
}

/** Logs what a Failure says; of any other error only its kind and where it came from: its message may hold anything. */
export function logError(message: string, error: unknown, log: Log): void {
  if (error instanceof Failure) log.error(message, { error: error.message });
  else if (error instanceof Error) {
    const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
    log.error(message, { error: error.name, at: frames?.slice(0, 3) });
  } else log.error(message, { error: typeof error });
}

export function refuseMethod(allow: string): Answer {
  return refuse(405, 'user', 'Cannot answer: the method is not one of this path', { headers: { allow } });
}

/** 503: nothing is wrong with the request, and the sender shall try again. */
export function refuseBusy(message: string): Answer {
  return refuse(503, 'server', message, { help: 'Try again in a few seconds', headers: { 'retry-after': '5' } });
}

interface RefuseOptions {
  readonly help?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export function refuse(status: number, fault: Failure['fault'], message: string, options: RefuseOptions = {}): Answer {
  const error: ApiError = { error: { fault, message, ...(options.help !== undefined && { help: options.help }) } };
  return { status, body: error, ...(options.headers && { headers: options.headers }) };
}
