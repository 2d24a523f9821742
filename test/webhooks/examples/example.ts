import { createHmac } from 'node:crypto';
import type { Change, GitChange } from '../../../lib/domain/jobs/change.ts';
import type { SenderName, WebhookSettings } from '../../../lib/domain/settings/webhook-settings.ts';
import type { Headers } from '../../../lib/webhooks/sender.ts';

/** 2026-08-01T12:00:00Z, when every example is sent and read. */
export const now = Date.UTC(2026, 7, 1, 12);
export const before = '95790bf891e76fee5e1747ab589903a6a1f80f22';
export const after = 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7';
export const zeros = '0'.repeat(40);

export type Fields = Readonly<Record<string, unknown>>;

/** A delivery of one sender in one of its forms: what the contract suite needs to know to send any variation of it. */
export interface Example {
  readonly sender: SenderName;
  /** Keys of its entry of `webhooks` beside id, sender and secret. */
  readonly settings?: Partial<WebhookSettings>;
  readonly secret: string;
  readonly otherSecret: string;
  /** All headers but those that prove who sent it. */
  readonly headers: Headers;
  readonly payload: Fields;
  /** Fields of `payload` that may be missing or null. */
  readonly optional?: readonly string[];
  /** Fields of `payload` without which there is nothing to do, or it is taken for another event. */
  readonly deciding?: readonly string[];
  /** The body that carries a JSON text; that text itself if absent. */
  readonly encode?: (json: string) => string;
  readonly sign: (body: Buffer, secret: string) => Headers;
  /** The header of `sign` that proves it, and what of that header is left when the proof itself is empty; absent where nothing proves it. */
  readonly proof?: {
    readonly header: string;
    readonly empty: readonly string[];
    /** It is a token of the sender's makers: no secret is configured, `secret` only says whose it is. */
    readonly isToken?: true;
  };
  /** In a form it is the JSON that is signed, not the body. */
  readonly signsJson?: true;
  /** A plain token says nothing about the body. */
  readonly signsBody: boolean;
  /** What `payload` becomes. */
  readonly changes: readonly Change[];
  readonly deliveryId?: string;
  /** Headers of an event that is ignored. */
  readonly ignored?: Headers;
  /** Other payloads, and what becomes of them. */
  readonly also?: Readonly<Record<string, Also>>;
}

interface Also {
  readonly payload: Fields;
  readonly headers?: Headers;
  readonly changes: readonly Change[];
  /** Default that of the example. */
  readonly deliveryId?: string;
}

export function hmac(
  algorithm: 'sha1' | 'sha256',
  body: Buffer,
  secret: string | Buffer,
  encoding: 'hex' | 'base64' = 'hex',
): string {
  return createHmac(algorithm, secret).update(body).digest(encoding);
}

/** The change of a push to `main` of acme/shop at `host`, by any of its addresses. */
export function pushTo(...urls: readonly string[]): GitChange {
  return { kind: 'git', urls, ref: 'refs/heads/main', before, after };
}
