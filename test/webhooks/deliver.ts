import { type SenderName, WebhookSettings } from '../../lib/domain/settings/webhook-settings.ts';
import { lowerHeaders } from '../../lib/webhooks/headers.ts';
import { type Delivery, readDelivery } from '../../lib/webhooks/read-delivery.ts';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { type Example, now } from './examples/example.ts';
import { findKey } from './google.ts';

/** What is different from the example as its sender would send it. */
export interface Variation {
  readonly method?: string;
  readonly payload?: unknown;
  /** The JSON text that is carried, instead of `payload`. */
  readonly json?: string;
  /** The bytes that arrive, instead of what carries the JSON. */
  readonly body?: Buffer;
  /** The bytes that were signed, instead of those that arrive. */
  readonly signed?: Buffer;
  readonly headers?: Headers;
  /** What the sender signs with. */
  readonly secret?: string;
  /** What is configured here. */
  readonly secrets?: readonly string[];
  readonly settings?: Partial<WebhookSettings>;
  /** Changes the headers as they are on their way. */
  readonly onTheWay?: (headers: Headers) => Headers;
  readonly now?: number;
}

/** Sends a variation of `example`, correctly signed unless the variation says otherwise. */
export function deliver(example: Example, variation: Variation = {}): Promise<Delivery> {
  const body = variation.body ?? carry(example, variation.json ?? JSON.stringify(variation.payload ?? example.payload));
  const headers: Headers = {
    ...example.headers,
    ...variation.headers,
    ...example.sign(variation.signed ?? body, variation.secret ?? example.secret),
  };
  const { secrets = example.proof && !example.proof.isToken ? [example.secret] : [] } = variation;
  return readDelivery(
    { method: variation.method ?? 'POST', headers: variation.onTheWay?.(headers) ?? headers, body },
    {
      webhook: webhookOf(example.sender, secrets.length, { ...example.settings, ...variation.settings }),
      secrets,
      now: variation.now ?? now,
      findKey,
    },
  );
}

/** Sends what somebody recorded, at `at`, to a webhook with this secret or none. */
export function post(
  sender: SenderName,
  secret: string | undefined,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  at = now,
): Promise<Delivery> {
  const secrets = secret === undefined ? [] : [secret];
  return readDelivery(
    { method: 'POST', headers: lowerHeaders(headers), body },
    { webhook: webhookOf(sender, secrets.length), secrets, now: at, findKey },
  );
}

/** An entry of `webhooks` with as many secrets. */
function webhookOf(sender: SenderName, secrets: number, settings: Partial<WebhookSettings> = {}): WebhookSettings {
  const secret = Array.from({ length: secrets }, (_, index) => ({ env: `SECRET_${index}` }));
  return { ...WebhookSettings.parse({ id: 'acme', sender, ...(secrets > 0 && { secret }) }), ...settings };
}

/** The body in which `example` carries a JSON text. */
export function carry(example: Example, json: string): Buffer {
  return Buffer.from(example.encode?.(json) ?? json);
}

/** The status of the answer that HTTP gives: 202 for a delivery with changes. */
export function statusOf(delivery: Delivery): number {
  return 'status' in delivery ? delivery.status : 202;
}

export function without(headers: Headers, name: string): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
