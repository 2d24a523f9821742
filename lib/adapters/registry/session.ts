import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { authorize, type KnownToken } from './authorize.ts';
import type { Budget } from './budget.ts';
import { parseChallenge } from './challenge.ts';
import { answerFailure, connectionFailure, stopped, tooManyRequests, wrongAnswer } from './failures.ts';
import { type HostRules, mayVisit, type NamedHost } from './hosts.ts';
import type { Http, HttpAnswer } from './http.ts';

/** One question to a registry. */
export interface Question {
  /** For messages: `read the tags of "quay.io/acme/app"`. */
  readonly what: string;
  readonly method: 'GET' | 'HEAD';
  /** Path and query, from `/v2/` on. */
  readonly path: string;
  readonly accept?: string;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks one registry about one repository: credentials, patience and redirects are seen to here. */
export interface Session {
  /** An answer of 200, or undefined for 404. Throws a Failure for everything else. */
  ask(question: Question): Promise<HttpAnswer | undefined>;
}

/** What the sessions of a process share. */
export interface SessionParts {
  readonly http: Http;
  readonly budget: Budget;
  /** By host and repository. */
  readonly tokens: Map<string, KnownToken>;
  /** Insecure hosts that speak no TLS. */
  readonly plain: Set<string>;
  readonly named: NamedHost;
  /** How long one question may take with all its waiting. */
  readonly patienceMs: number;
}

const maxRedirects = 5;
const attempts = 4;

export function createSession(rules: HostRules, repository: string, parts: SessionParts): Session {
  const { http, budget, tokens, plain, named, patienceMs } = parts;
  const tokenName = `${rules.host} ${repository}`;

  async function tryOnce(question: Question, leftMs: number): Promise<Outcome> {
    const { what, signal } = question;
    try {
      const answer = await budget.take(rules.host, () => authorized(question), leftMs, signal);
      if (answer === undefined) throw tooManyRequests(what, rules.host, budget.wait(rules.host));
      return outcomeOf(question, rules.host, answer);
    } catch (error) {
      if (signal?.aborted) throw stopped(what);
      const failure = error instanceof Failure ? error : connectionFailure(what, error);
      const mayPass = failure.code === 'Unreachable' || failure.code === 'Timeout';
      if (!mayPass) throw failure;
      return { again: failure, limited: false };
    }
  }

  /** With what is known, and after a 401 with what the challenge asks for. */
  async function authorized(question: Question): Promise<HttpAnswer> {
    const { what, signal } = question;
    const known = tokens.get(tokenName);
    const first = await follow(question, known && performance.now() < known.until ? known.authorization : undefined);
    if (first.status !== 401) return first;
    tokens.delete(tokenName);
    const challenge = parseChallenge(first.headers['www-authenticate']);
    const fresh = challenge && (await authorize(http, challenge, { what, rules, repository, named, signal }));
    if (fresh === undefined) return first;
    const answer = await follow(question, fresh.authorization);
    if (answer.status !== 401) tokens.set(tokenName, fresh);
    return answer;
  }

  /** Authorization goes to the registry itself; who it sends us to gets none. */
  async function follow(question: Question, authorization: string | undefined): Promise<HttpAnswer> {
    let url = new URL(`https://${rules.host}${question.path}`);
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const isOwn = url.host === rules.host;
      const answer = await send(question, url, isOwn ? authorization : undefined);
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
      const next = URL.parse(location, url.href);
      if (next === null || !mayVisit(next, named)) {
        const place = next?.origin ?? 'no address';
        throw wrongAnswer(question.what, `the registry redirects to "${place}", which is not asked`);
      }
      url = next;
    }
    throw wrongAnswer(question.what, 'the registry redirects in a circle');
  }

  /** An insecure host may speak plain HTTP: found out once. */
  async function send(question: Question, to: URL, authorization: string | undefined): Promise<HttpAnswer> {
    const { method, accept = 'application/json', maxBytes, signal } = question;
    const insecure = named(to.host)?.insecure === true;
    const headers = { accept, ...(authorization !== undefined && { authorization }) };
    const request = { method, headers, maxBytes, insecure, signal };
    const inPlain = new URL(to.href.replace(/^https:/, 'http:'));
    try {
      return await http.send({ ...request, url: insecure && plain.has(to.host) ? inPlain : to });
    } catch (error) {
      if (!insecure || !speaksNoTls(error)) throw error;
      plain.add(to.host);
      return http.send({ ...request, url: inPlain });
    }
  }

  return {
    async ask(question) {
      const begin = performance.now();
      for (let attempt = 1; ; attempt++) {
        const leftMs = patienceMs - (performance.now() - begin);
        const outcome = await tryOnce(question, leftMs);
        if (!('again' in outcome)) return outcome.answer;
        const delay = outcome.afterMs ?? 250 * 2 ** attempt * (0.75 + Math.random() / 2);
        // Nobody asks the host before; this question waits for its turn like the others.
        if (outcome.limited) budget.slow(rules.host, delay);
        if (attempt === attempts || delay > leftMs) {
          throw outcome.limited ? tooManyRequests(question.what, rules.host, delay) : outcome.again;
        }
        if (!outcome.limited) await pause(delay, question);
      }
    },
  };
}

type Outcome =
  | { readonly answer: HttpAnswer | undefined }
  | { readonly again: Failure; readonly limited: boolean; readonly afterMs?: number };

function outcomeOf({ what }: Question, host: string, answer: HttpAnswer): Outcome {
  const { status, headers } = answer;
  if (status === 200) return { answer };
  if (status === 404) return { answer: undefined };
  const again = answerFailure(what, host, status);
  if (status !== 429 && status !== 408 && status < 500) throw again;
  const afterMs = retryAfterMs(headers['retry-after']);
  return { again, limited: status === 429, ...(afterMs !== undefined && { afterMs }) };
}

/** What OpenSSL makes of an answer in plain HTTP. */
function speaksNoTls(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return code === 'EPROTO' || code.startsWith('ERR_SSL_');
}

async function pause(ms: number, { what, signal }: Question): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch {
    throw stopped(what);
  }
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
