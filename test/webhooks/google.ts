import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { FindKey } from '../../lib/webhooks/sender.ts';
import { now } from './examples/example.ts';

/** A stand-in for the one part of Google that cannot be here: who signs the tokens of Pub/Sub. */

export const kid = 'b2ed0db1f661d8546769bab78d2fae7564fdc3a9';
export const google = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const audience = 'https://sluice.acme.io/webhooks/acme-gcr';
export const email = 'image-updates@acme.iam.gserviceaccount.com';

/** What Google says in a token for us. */
export const claims = {
  iss: 'https://accounts.google.com',
  aud: audience,
  azp: '103416794574132452123',
  sub: '103416794574132452123',
  email,
  email_verified: true,
  iat: now / 1000 - 60,
  exp: now / 1000 + 3540,
};

/** The key set that Google publishes, and a stranger's key that it does not. */
export const keySet = { keys: [{ ...google.publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] };

export const findKey: FindKey = async (_url, asked) => {
  const { n = '', e = '' } = google.publicKey.export({ format: 'jwk' });
  return asked === kid ? { n, e } : undefined;
};

/** A token with these claims, by Google unless `secret` names someone else. */
export function googleToken(
  payload: object = claims,
  secret = 'google',
  header: object = { alg: 'RS256', kid, typ: 'JWT' },
): string {
  return signToken(header, payload, secret === 'google' ? google.privateKey : stranger.privateKey);
}

function signToken(header: object, payload: object, key: KeyObject): string {
  const text = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}
