import type * as z from 'zod/mini';
import type { Change } from '../domain/jobs/change.ts';

/** Names in lower case; a header that came several times is one value, joined by commas (`lowerHeaders`). */
export type Headers = Readonly<Record<string, string | undefined>>;

export interface WebhookRequest {
  readonly method: string;
  readonly headers: Headers;
  /** The bytes as they came: signatures are over them. */
  readonly body: Buffer;
}

/** One kind of sender: who it is (`verify`) apart from what it says (`json`, `payload`). */
export interface Sender {
  /** The headers that prove who sent a delivery, for the answer to one without. */
  readonly proof: string;
  /** Whether one of `secrets` (at least one, none empty) vouches for the request; `now` in epoch milliseconds. */
  verify(request: WebhookRequest, secrets: readonly string[], now: number): boolean | Promise<boolean>;
  /** The sender's id of this delivery, the same when it is sent again; undefined where it has none, and nothing is deduplicated. */
  deliveryId(headers: Headers): string | undefined;
  /** The shape of the event that the headers name, read as changes (none: a ref was deleted); undefined for an event that is ignored. */
  payload(headers: Headers): z.ZodMiniType<readonly Change[]> | undefined;
  /** The JSON within the body's text, where it is not the text itself. */
  json?(text: string, headers: Headers): string;
}
