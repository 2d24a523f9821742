import type { Headers } from './sender.ts';

/**
 * The JSON that a body carries: of a form (`application/x-www-form-urlencoded`) that of its field `payload`, empty if it has none; else the text
 * itself. Only that field is decoded: URLSearchParams takes minutes over a form of millions of fields.
 */
export function jsonOfForm(text: string, headers: Headers): string {
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')) return text;
  const [, value = ''] = /(?:^|&)payload=([^&]*)/.exec(text) ?? [];
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return '';
  }
}
