import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isGoogleToken } from '../../lib/webhooks/google-token.ts';
import { describeShared } from '../shared.ts';
import { now } from './examples/example.ts';
import { audience, claims, email, findKey, google, googleToken, kid } from './google.ts';

const expected = { audience, email };

function check(token: string, at = now): Promise<boolean> {
  return isGoogleToken(token, expected, at, (asked) => findKey('', asked));
}

function without(key: keyof typeof claims): object {
  const { [key]: _, ...rest } = claims;
  return rest;
}

it('a token of Google for us, about the account that we expect, counts until its end', async () => {
  expect(await check(googleToken())).toBe(true);
  expect(await check(googleToken({ ...claims, iss: 'accounts.google.com' }))).toBe(true);
  expect(await check(googleToken(), claims.exp * 1000 - 1)).toBe(true);
  expect(await check(googleToken(), claims.exp * 1000)).toBe(false);
});

it.each([
  ['another issuer', { ...claims, iss: 'https://accounts.google.com.evil.example' }],
  ['no issuer', without('iss')],
  ['another audience', { ...claims, aud: 'https://other.example' }],
  ['several audiences', { ...claims, aud: [audience] }],
  ['no audience', without('aud')],
  ['an account of another customer', { ...claims, email: 'push@evil.iam.gserviceaccount.com' }],
  ['no account', without('email')],
  ['an account that is not verified', { ...claims, email_verified: false }],
  ['an account that is verified in words', { ...claims, email_verified: 'true' }],
  ['no end', without('exp')],
  ['an end in words', { ...claims, exp: String(claims.exp) }],
  ['an end in the past', { ...claims, exp: now / 1000 - 1 }],
])('a token with %s is refused', async (_what, payload) => {
  expect(await check(googleToken(payload))).toBe(false);
});

it.each([
  ['that does not say its algorithm', { kid }],
  ['without a signature', { alg: 'none', kid }],
  ['with another algorithm', { alg: 'RS512', kid }],
  ['with the algorithm in other letters', { alg: 'rs256', kid }],
  ['by an unknown key', { alg: 'RS256', kid: 'other' }],
  ['by no key', { alg: 'RS256' }],
])('a token %s is refused', async (_what, header) => {
  expect(await check(googleToken(claims, 'google', header))).toBe(false);
});

it("a stranger's token is refused, and so is one that was changed", async () => {
  expect(await check(googleToken(claims, 'stranger'))).toBe(false);
  const [header = '', , signature = ''] = googleToken(without('azp')).split('.');
  const other = Buffer.from(JSON.stringify(claims)).toString('base64url');
  expect(await check(`${header}.${other}.${signature}`)).toBe(false);
  expect(await check(`${header}.${other}.`)).toBe(false);
});

it('the public key is no secret to sign with', async () => {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid })).toString('base64url');
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  for (const key of [
    google.publicKey.export({ type: 'spki', format: 'pem' }),
    google.publicKey.export({ type: 'spki', format: 'der' }),
    JSON.stringify(google.publicKey.export({ format: 'jwk' })),
  ]) {
    const signature = createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url');
    expect(await check(`${header}.${payload}.${signature}`)).toBe(false);
  }
});

it.each(['', '.', '..', 'a.b', 'a.b.c', 'a.b.c.d', 'é.é.é', `${'a'.repeat(9000)}.b.c`])(
  '%j is no token',
  async (token) => {
    expect(await check(token)).toBe(false);
  },
);

it("a stranger's token costs no request for a key, unless it names us", async () => {
  const asked: string[] = [];
  async function ask(wanted: string): Promise<undefined> {
    asked.push(wanted);
  }
  for (const payload of [
    { ...claims, aud: 'other' },
    { ...claims, email: 'other@example' },
    { ...claims, exp: 1 },
  ]) {
    await isGoogleToken(googleToken(payload), expected, now, ask);
  }
  expect(asked).toEqual([]);
});

it('that nobody can be asked for the key is no verdict', async () => {
  const failing = () => Promise.reject(new Error('no answer'));
  await expect(isGoogleToken(googleToken(), expected, now, failing)).rejects.toThrow('no answer');
});

interface AuthCase {
  readonly kind: string;
  readonly id: string;
  readonly input: { readonly audience: string; readonly tokenInfo: Readonly<Record<string, string>> };
  readonly expect: { readonly accepted: boolean };
}

describeShared('the cases of flux-recv', (directory) => {
  const { cases }: { readonly cases: readonly AuthCase[] } = JSON.parse(
    readFileSync(join(directory, 'cases/webhooks.json'), 'utf8'),
  );

  // What flux-recv asked Google for says in words what a token says in numbers, and it compared the audience only.
  it.each(cases.filter(({ kind }) => kind === 'gcr_auth'))('$id', async ({ input, expect: { accepted } }) => {
    const { exp, email_verified, ...info } = input.tokenInfo;
    const token = googleToken({ ...info, exp: Number(exp), email_verified: email_verified === 'true' });
    const wanted = { audience: input.audience, email: info.email ?? '' };
    const before = Number(exp) * 1000 - 1;
    expect(await isGoogleToken(token, wanted, before, (asked) => findKey('', asked))).toBe(accepted);
  });
});
