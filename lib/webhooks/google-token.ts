import { createPublicKey, verify } from 'node:crypto';
import * as z from 'zod/mini';
import { parseJson } from './json.ts';

/** Who a token is for, and whom it is about. Any customer of Google's has tokens by Google. */
export interface Expected {
  readonly audience: string;
  readonly email: string;
}

const longestToken = 8192;

const Header = z.object({ alg: z.literal('RS256'), kid: z.string().check(z.maxLength(200)) });
const Claims = z.object({
  iss: z.enum(['https://accounts.google.com', 'accounts.google.com']),
  aud: z.string(),
  email: z.string(),
  email_verified: z.literal(true),
  /** Epoch seconds. */
  exp: z.number(),
});

/**
 * Whether `token` is an OpenID Connect token (JWT, RFC 7519) signed by Google with RS256, made for `expected.audience` on behalf of the service
 * account `expected.email`, and not past its end at `now` (epoch milliseconds). Rejects if `findKey` does: then nobody can tell.
 */
export async function isGoogleToken(
  token: string,
  expected: Expected,
  now: number,
  findKey: (kid: string) => Promise<{ readonly n: string; readonly e: string } | undefined>,
): Promise<boolean> {
  const [, header = '', payload = '', signature = ''] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token) ?? [];
  if (token.length > longestToken || signature === '') return false;
  // The algorithm is ours, whatever the header says; and what the claims say is looked at first, because a stranger's token shall cost no request.
  const { data: head } = Header.safeParse(parseJson(fromBase64Url(header)));
  const { data: claims } = Claims.safeParse(parseJson(fromBase64Url(payload)));
  if (head === undefined || claims === undefined) return false;
  if (claims.aud !== expected.audience || claims.email !== expected.email || claims.exp * 1000 <= now) return false;

  const key = await findKey(head.kid);
  if (key === undefined) return false;
  const publicKey = createPublicKey({ key: { kty: 'RSA', n: key.n, e: key.e }, format: 'jwk' });
  return verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'));
}

function fromBase64Url(text: string): string {
  return Buffer.from(text, 'base64url').toString();
}
