import type { Change } from '../domain/jobs/change.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';

/** Names in lower case; a header that came several times is one value, joined by commas (`lowerHeaders`). */
export type Headers = Readonly<Record<string, string | undefined>>;

export interface WebhookRequest {
  readonly method: string;
  readonly headers: Headers;
  /** The bytes as they came: signatures are over them. */
  readonly body: Buffer;
}

/** What a delivery is verified with. */
export interface Trust {
  readonly webhook: WebhookSettings;
  /** The values of `webhook.secret`, none of them empty. */
  readonly secrets: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
  readonly findKey: FindKey;
}

/** The RSA public key `kid` of the JSON Web Key Set at `url`; undefined if it has none. Rejects if nobody can be asked: that is no verdict. */
export type FindKey = (url: string, kid: string) => Promise<{ readonly n: string; readonly e: string } | undefined>;

/** What the body of an event says. */
export interface Reading {
  /** None: a ref or image was deleted, an image has no tag, or the body names an event that is ignored. */
  readonly changes: readonly Change[];
  /** The sender's id of this delivery, where the body has it and no header. */
  readonly id?: string | undefined;
}

/** Throws what zod throws for a body of another shape, or a Failure that says what is missing. */
export type ReadBody = (body: unknown, webhook: WebhookSettings) => Reading;

/** One kind of sender: who it is (`verify`) apart from what it says (`json`, `event`). */
export interface Sender {
  /** The headers that prove who sent a delivery, for the answer to one without; absent where nothing but the id of the webhook does. */
  readonly proof?: string;
  /** Whether the request is its sender's; without secrets nobody's is. Absent: the id of the webhook is the secret (webhook-rules.ts). */
  verify?(request: WebhookRequest, trust: Trust): boolean | Promise<boolean>;
  /** The sender's id of this delivery, the same when it is sent again; undefined where no header has it. */
  deliveryId?(headers: Headers): string | undefined;
  /** What reads the body of the event that the headers name; undefined for an event that is ignored, whatever its body. */
  event(headers: Headers): ReadBody | undefined;
  /** The JSON within the body's text, where it is not the text itself. */
  json?(text: string, headers: Headers): string;
  /**
   * A body that cannot be read is 400 or 422. Else 200: the others disable or block their hook on an error, repeat what a retry cannot
   * help, or do what nobody has written down (facts/webhooks.md §5).
   */
  readonly tellsErrors?: true;
  /** What to do about a body of another shape. */
  readonly help?: string;
}
