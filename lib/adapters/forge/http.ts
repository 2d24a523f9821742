import { Failure } from '../../domain/failure.ts';
import { boundedText } from '../bounded-text.ts';

export interface ForgeRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ForgeAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** What its JSON says; undefined if it is none. */
  readonly body: unknown;
}

/** Sends one request to an API. Throws a `server` Failure, code `Unreachable` or `TooLarge`, without an answer. */
export type Send = (request: ForgeRequest) => Promise<ForgeAnswer>;

export interface SendOptions {
  /** For messages: `open a pull request for "main" of "https://…"`. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A page of 50 requests with their descriptions is a few hundred KB. */
const maxBytes = 4 * 1024 * 1024;

export function createSend({ what, timeoutMs, signal }: SendOptions): Send {
  return async ({ method, url, headers, body }) => {
    const { host } = new URL(url);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method,
        headers: {
          accept: 'application/json',
          'user-agent': 'sluice',
          ...headers,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // A redirect is an answer: it would take the token elsewhere.
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      return {
        status: response.status,
        headers: response.headers,
        body: parseJson(await boundedText(response, maxBytes)),
      };
    } catch (cause) {
      if (signal?.aborted)
        throw new Failure('server', `Cannot ${what}: the run was stopped`, { code: 'Aborted', cause });
      const tooLarge = cause instanceof RangeError;
      const found = tooLarge ? 'what it answers is too large' : 'it does not answer';
      throw new Failure('server', `Cannot ${what}: "${host}": ${found}`, {
        code: tooLarge ? 'TooLarge' : 'Unreachable',
        cause,
      });
    }
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
