import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { singleValue } from './headers.ts';
import type { Headers } from './sender.ts';

export type Algorithm = 'sha1' | 'sha256' | 'sha512';

/**
 * Whether `signature` is `<algorithm>=<hexadecimal HMAC of bytes>` by one of `secrets`, with one of the algorithms that the
 * sender is known to use: a header never widens that list (facts/webhooks.md §4).
 */
export function isSigned(
  bytes: Buffer,
  signature: string | undefined,
  secrets: readonly string[],
  algorithms: readonly Algorithm[],
): boolean {
  const given = signature?.toLowerCase() ?? '';
  return algorithms.some((algorithm) =>
    secrets.some((secret) => sameText(given, `${algorithm}=${hmacHex(algorithm, secret, bytes)}`)),
  );
}

/** As `isSigned`, of senders that do not name the algorithm in the signature. */
export function isSignedBare(
  bytes: Buffer,
  signature: string | undefined,
  secrets: readonly string[],
  algorithm: Algorithm,
): boolean {
  const given = signature?.toLowerCase() ?? '';
  return secrets.some((secret) => sameText(given, hmacHex(algorithm, secret, bytes)));
}

/** Whether a header is one of `secrets` as it stands. A secret may hold commas, so the header is first taken as it came. */
export function isSecretHeader(headers: Headers, name: string, secrets: readonly string[]): boolean {
  const values = [headers[name], singleValue(headers, name)];
  return values.some((value) => value !== undefined && secrets.some((secret) => sameText(value, secret)));
}

/** Compares in a time that does not depend on where the texts differ: digests, because `timingSafeEqual` throws on unequal lengths. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

export function hmacHex(algorithm: Algorithm, secret: string, bytes: Buffer | string): string {
  return createHmac(algorithm, secret).update(bytes).digest('hex');
}
