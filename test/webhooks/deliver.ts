import type { SenderName } from '../../lib/domain/settings/settings.ts';
import { lowerHeaders } from '../../lib/webhooks/headers.ts';
import { type Delivery, readDelivery } from '../../lib/webhooks/read-delivery.ts';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { type Example, now } from './examples.ts';

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
  return readDelivery(
    example.sender,
    variation.secrets ?? [example.secret],
    { method: variation.method ?? 'POST', headers: variation.onTheWay?.(headers) ?? headers, body },
    variation.now ?? now,
  );
}

/** Sends what somebody recorded, at `at`. */
export function post(
  sender: SenderName,
  secret: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  at = now,
): Promise<Delivery> {
  return readDelivery(sender, [secret], { method: 'POST', headers: lowerHeaders(headers), body }, at);
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

/** The proof replaced by a text, or by copies of itself. */
export function proveWith(headers: Headers, { proof }: Example, value: string | readonly 0[], comma = ''): Headers {
  const text = typeof value === 'string' ? value : value.map(() => headers[proof.header]).join(comma);
  return { ...headers, [proof.header]: text };
}
