import type { Headers } from './sender.ts';

/** Headers as Node or API Gateway give them, with names in lower case and repeated ones joined by commas (RFC 9110 §5.2). */
export function lowerHeaders(raw: Readonly<Record<string, string | readonly string[] | undefined>>): Headers {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined) continue;
    const key = name.toLowerCase();
    const before = values.get(key);
    values.set(key, [...(before === undefined ? [] : [before]), value].flat().join(', '));
  }
  return Object.fromEntries(values);
}

/** The value of a header that may come once. Repeated with one value it counts once; with several it is absent: which one did the sender mean? */
export function singleValue(headers: Headers, name: string): string | undefined {
  const [value, ...others] = new Set(headers[name]?.split(',').map((part) => part.trim()));
  return value === '' || others.length > 0 ? undefined : value;
}

/** A header that names a delivery, if it can be one. */
export function deliveryIdIn(headers: Headers, name: string): string | undefined {
  const id = singleValue(headers, name);
  return id !== undefined && isDeliveryId(id) ? id : undefined;
}

/** Whether a text can name a delivery: it becomes part of keys in store and queue. */
export function isDeliveryId(text: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(text);
}
