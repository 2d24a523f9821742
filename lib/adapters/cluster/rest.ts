import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { abortFailure, connectionFailure } from './connection-failures.ts';
import { failureOf, hasCause, type Refusal, type Status } from './failures.ts';
import { nextDelay, parseRetryAfter, patient, type RetryLimits } from './retry.ts';
import { type Answer, NotHeld, type Transport } from './transport.ts';

/** One call of the API, with what to say of it and when to send it again. */
export interface Call {
  /** For messages: `apply "default:deployment/shop"`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly accept?: string;
  /** A 409 without a precondition of ours is a race with another writer: sent again. */
  readonly retryConflict?: boolean;
  readonly limits?: RetryLimits;
}

/** Sends calls until they are answered: transient answers and lost connections are retried (APPLY §3). */
export interface Rest {
  /** The parsed body of a success. Throws the Failure that the last answer is, or a `server` Failure where there was none. */
  send(call: Call): Promise<unknown>;
}

export interface RestOptions {
  /** `https://host:port`, for messages. */
  readonly origin: string;
  readonly signal?: AbortSignal | undefined;
  /** Asked before every attempt of a write; throws when nothing may be written any more. */
  readonly held?: (() => void) | undefined;
  /** Default 65 s: the server itself gives up after 60 s, and says what it waited for. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 65_000;

export function createRest(transport: Pick<Transport, 'exchange'>, options: RestOptions): Rest {
  const { origin, signal, held, timeoutMs = defaultTimeoutMs } = options;

  /** The answer's body, or how it failed and whether and when it may be sent again. */
  async function attempt(call: Call): Promise<{ readonly body: unknown } | Failed> {
    let answer: Answer;
    try {
      answer = await transport.exchange({
        method: call.method,
        path: call.path + queryOf(call.query),
        headers: {
          accept: call.accept ?? 'application/json',
          ...(call.body !== undefined && { 'content-type': call.contentType ?? 'application/json' }),
        },
        body: call.body === undefined ? undefined : JSON.stringify(call.body),
        timeoutMs: Math.min(call.limits?.answerMs ?? timeoutMs, timeoutMs),
        signal,
        held: call.method === 'GET' ? undefined : held,
      });
    } catch (error) {
      if (error instanceof NotHeld) throw error.cause;
      if (signal?.aborted) throw abortFailure(call.what);
      const failure = connectionFailure(call.what, origin, error as Error);
      return { failure, again: failure.fault === 'server' };
    }
    if (answer.status < 300) return { body: parseSuccess(call, origin, answer) };
    const refusal = { status: answer.status, body: readStatus(answer) };
    return {
      failure: failureOf(call.what, refusal),
      again: isTransient(refusal, call.retryConflict === true),
      retryAfterMs: parseRetryAfter(answer.headers['retry-after'], Date.now()),
    };
  }

  return {
    async send(call) {
      const begin = performance.now();
      for (let number = 1; ; number += 1) {
        const outcome = await attempt(call);
        if ('body' in outcome) return outcome.body;
        const elapsedMs = performance.now() - begin;
        const { retryAfterMs } = outcome;
        const delay = outcome.again
          ? nextDelay({ number, elapsedMs, retryAfterMs }, call.limits ?? patient, Math.random())
          : undefined;
        if (delay === undefined) throw outcome.failure;
        await pause(delay, call.what, signal);
      }
    },
  };
}

interface Failed {
  readonly failure: Failure;
  readonly again: boolean;
  readonly retryAfterMs?: number | undefined;
}

async function pause(ms: number, what: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch {
    throw abortFailure(what);
  }
}

function isTransient({ status, body }: Refusal, retryConflict: boolean): boolean {
  if (status === 429 || (status >= 502 && status <= 504)) return true;
  if (status === 403) return hasCause(body, 'NamespaceTerminating');
  if (status === 409) return retryConflict && !hasCause(body, 'FieldManagerConflict');
  // A leader of etcd is being elected, or the server asks for patience.
  return status === 500 && (body.reason === 'ServerTimeout' || /\betcdserver: /.test(body.message ?? ''));
}

function parseSuccess(call: Call, origin: string, answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString());
  } catch {
    const type = answer.headers['content-type'] ?? 'no content type';
    throw new Failure('user', `Cannot ${call.what} at "${origin}": it answers with ${type}, not with JSON`, {
      code: 'NotKubernetes',
      help: 'See whether the server of the kubeconfig is a Kubernetes API server, or a login page before it',
    });
  }
}

/** A body that is no Status becomes the message, but for a page of HTML. */
function readStatus({ status, headers, body }: Answer): Status {
  if (status < 400) return { message: `it redirects to ${originOf(headers.location)}` };
  const text = body.toString();
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // A proxy or the server's own mux answers in plain text.
  }
  return text.startsWith('<') ? {} : { message: text };
}

function originOf(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? new URL(location).origin : 'another path';
}

function queryOf(query: Call['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, value);
  return parameters.size === 0 ? '' : `?${parameters}`;
}
