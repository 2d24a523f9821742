import { createHmac } from 'node:crypto';
import { singleValue } from './headers.ts';
import type { WebhookRequest } from './sender.ts';
import { sameText } from './signature.ts';

const prefix = 'whsec_';
const toleranceSeconds = 5 * 60;

export function isSigningToken(secret: string): boolean {
  return secret.startsWith(prefix);
}

/**
 * Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}` by one of `tokens` (`whsec_<base64>`), made
 * within five minutes of `now` (epoch milliseconds); the header may hold several signatures `v1,<base64>`.
 */
export function hasStandardSignature(
  { headers, body }: WebhookRequest,
  tokens: readonly string[],
  now: number,
): boolean {
  const id = singleValue(headers, 'webhook-id');
  const timestamp = singleValue(headers, 'webhook-timestamp');
  if (id === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const given = [...(headers['webhook-signature'] ?? '').matchAll(/(?<![^\s,])v1,([A-Za-z0-9+/]{43}=)(?![^\s,])/g)];
  for (const token of tokens) {
    if (keyOf(token).length === 0) continue;
    const expected = signatureOf(token, id, timestamp, body);
    if (given.some(([, signature]) => sameText(signature ?? '', expected))) return true;
  }
  return false;
}

/** The headers of a delivery `id` that is sent at `now`. */
export function signStandardWebhook(body: string, token: string, id: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = `v1,${signatureOf(token, id, timestamp, body)}`;
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

function keyOf(token: string): Buffer {
  return Buffer.from(token.slice(prefix.length), 'base64');
}

function signatureOf(token: string, id: string, timestamp: string, body: Buffer | string): string {
  return createHmac('sha256', keyOf(token)).update(`${id}.${timestamp}.`).update(body).digest('base64');
}
