import * as z from 'zod/mini';
import type { Clock } from '../app/ports.ts';
import { Failure } from '../domain/failure.ts';
import { boundedText } from './bounded-text.ts';

/** An RSA public key as a JSON Web Key (RFC 7517). */
export interface RsaKey {
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

const timeoutMs = 5000;
const maxBytes = 256 * 1024;
/** An id that is not there is asked for once in a while, or anybody could make us ask; soon again only after an answer that failed. */
const askAgainMs = { found: 60_000, failed: 5000 };
/** Of `Cache-Control: max-age` what is believed, in milliseconds; the first where it says nothing. */
const kept = { default: 3_600_000, least: 60_000, most: 86_400_000 };

const RsaKey = z.object({ kty: z.literal('RSA'), kid: z.string(), n: z.string(), e: z.string() });
const KeySet = z.object({ keys: z.array(z.unknown()) });

/** What is known of one address. Times are epoch milliseconds. */
interface Known {
  readonly keys: ReadonlyMap<string, RsaKey>;
  readonly until: number;
  readonly askAgainAt: number;
  /** Of the last request, if it was not answered. */
  readonly failure?: unknown;
}

const nothing: Known = { keys: new Map(), until: 0, askAgainAt: 0 };

/**
 * Gives the RSA key `kid` of the JSON Web Key Set at `url`, from memory for as long as the answer allows; undefined if there is none. While
 * nobody answers, keys that are known count for another day; for others that is a `server` Failure.
 */
export function createFindKey(clock: Clock): (url: string, kid: string) => Promise<RsaKey | undefined> {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<Known>>();

  /** One request at a time for all who wait. */
  function askOnce(url: string, before: Known): Promise<Known> {
    const under = asking.get(url) ?? ask(url, before, clock).finally(() => asking.delete(url));
    asking.set(url, under);
    return under;
  }

  return async function findKey(url, kid) {
    let found = known.get(url) ?? nothing;
    const isFresh = found.keys.has(kid) && clock() < found.until;
    if (!isFresh && clock() >= found.askAgainAt) {
      found = await askOnce(url, found);
      known.set(url, found);
    }
    const key = found.keys.get(kid);
    if (found.failure === undefined || (key !== undefined && clock() < found.until + kept.most)) return key;
    throw found.failure;
  };
}

/** What is known after another request; of one that fails the keys from before, and why. */
async function ask(url: string, before: Known, clock: Clock): Promise<Known> {
  try {
    const { keys, keptMs } = await request(url);
    return { keys, until: clock() + keptMs, askAgainAt: clock() + askAgainMs.found };
  } catch (failure) {
    return { ...before, askAgainAt: clock() + askAgainMs.failed, failure };
  }
}

async function request(url: string): Promise<{ readonly keys: Known['keys']; readonly keptMs: number }> {
  const about = `Cannot ask "${new URL(url).host}" for its public keys`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    text = await boundedText(response, maxBytes);
  } catch (cause) {
    throw new Failure('server', `${about}: it does not answer`, { cause, code: 'Unreachable' });
  }
  if (!response.ok) throw new Failure('server', `${about}: it answers ${response.status}`, { code: 'Unreachable' });
  const keys = parseKeys(text);
  if (keys === undefined) throw new Failure('server', `${about}: what it answers is no JSON Web Key Set`);
  return { keys, keptMs: keptFor(response.headers.get('cache-control') ?? '') };
}

/** Keys of other kinds are left out. */
function parseKeys(text: string): ReadonlyMap<string, RsaKey> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const set = KeySet.safeParse(json);
  if (!set.success) return undefined;
  const keys = set.data.keys.flatMap((key) => {
    const parsed = RsaKey.safeParse(key);
    return parsed.success ? [parsed.data] : [];
  });
  return new Map(keys.map((key) => [key.kid, key]));
}

function keptFor(cacheControl: string): number {
  const [, seconds] = /\bmax-age=(\d{1,9})\b/.exec(cacheControl) ?? [];
  if (seconds === undefined) return kept.default;
  return Math.min(Math.max(Number(seconds) * 1000, kept.least), kept.most);
}
