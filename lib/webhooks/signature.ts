import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type Algorithm = 'sha256' | 'sha512';

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
    secrets.some((secret) =>
      sameText(given, `${algorithm}=${createHmac(algorithm, secret).update(bytes).digest('hex')}`),
    ),
  );
}

/** Compares in a time that does not depend on where the texts differ: digests, because `timingSafeEqual` throws on unequal lengths. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
