import * as z from 'zod/mini';
import { Failure } from '../../domain/failure.ts';
import type { Challenge } from './challenge.ts';
import { answerFailure, wrongAnswer } from './failures.ts';
import { type HostRules, mayVisit, type NamedHost } from './hosts.ts';
import type { Http } from './http.ts';

/** A value of `Authorization`, and until when it holds (performance.now). */
export interface KnownToken {
  readonly authorization: string;
  readonly until: number;
}

export interface TokenRequest {
  /** For messages. */
  readonly what: string;
  readonly rules: HostRules;
  readonly repository: string;
  readonly named: NamedHost;
  readonly signal?: AbortSignal | undefined;
}

const maxTokenBytes = 256 * 1024;
/** Secrets are kept for at most five minutes (DESIGN §8); a token without a term holds for a minute (distribution spec). */
const mostTokenMs = 300_000;
const defaultTokenSeconds = 60;

const Token = z.object({
  token: z.optional(z.string()),
  access_token: z.optional(z.string()),
  expires_in: z.optional(z.number()),
});

/** What answers a challenge: the credential itself, or a token for it. Undefined where the registry wants a credential and none is set. */
export async function authorize(
  http: Http,
  challenge: Challenge,
  request: TokenRequest,
): Promise<KnownToken | undefined> {
  const basic = (await request.rules.credential())?.basic();
  if (challenge.scheme === 'bearer') return requestToken(http, challenge, basic, request);
  return basic === undefined ? undefined : { authorization: basic, until: performance.now() + mostTokenMs };
}

/**
 * The realm is what the registry says. It gets the registry's own credential and no other, over https (in plain HTTP only to a host
 * that the settings name as insecure), is no address in our own network unless they name it, and does not send us on.
 */
async function requestToken(
  http: Http,
  challenge: Extract<Challenge, { scheme: 'bearer' }>,
  basic: string | undefined,
  { what, rules, repository, named, signal }: TokenRequest,
): Promise<KnownToken> {
  const url = URL.parse(challenge.realm);
  if (url === null || !mayVisit(url, named)) {
    throw wrongAnswer(what, `the registry sends for a token to "${url?.origin ?? 'no address'}", which is not asked`);
  }
  url.searchParams.set('scope', challenge.scope ?? `repository:${repository}:pull`);
  if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
  const headers = { accept: 'application/json', ...(basic !== undefined && { authorization: basic }) };
  const insecure = named(url.host)?.insecure === true;
  const { status, body } = await http.send({ method: 'GET', url, headers, maxBytes: maxTokenBytes, insecure, signal });
  if (status !== 200) throw refused(what, rules.host, status);
  const { token, access_token: access, expires_in: seconds = defaultTokenSeconds } = parseToken(body);
  const value = token ?? access;
  if (value === undefined || !/^[\x21-\x7e]+$/.test(value))
    throw wrongAnswer(what, 'the registry answers without a token');
  return { authorization: `Bearer ${value}`, until: performance.now() + Math.min(mostTokenMs, seconds * 900) };
}

function refused(what: string, host: string, status: number): Failure {
  if (status !== 429 && status < 500) return answerFailure(what, host, 401);
  return new Failure('server', `Cannot ${what}: the registry's token server answers ${status}`, {
    code: 'Unreachable',
  });
}

function parseToken(body: Buffer): z.infer<typeof Token> {
  try {
    return z.safeParse(Token, JSON.parse(body.toString('utf8'))).data ?? {};
  } catch {
    return {};
  }
}
