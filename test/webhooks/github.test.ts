import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { maxBodyBytes } from '../../lib/webhooks/read-delivery.ts';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { deliver, statusOf } from './deliver.ts';
import { exampleOf } from './examples/examples.ts';

const github = exampleOf('github');
const form = exampleOf('github, as a form');
const body = Buffer.from(JSON.stringify(github.payload));

function hmac(algorithm: string, secret = github.secret): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`;
}

describe('X-Hub-Signature', () => {
  it.each([
    ['SHA-256', hmac('sha256'), 202],
    ['SHA-512', hmac('sha512'), 202],
    ['SHA-1, which GitHub itself puts there', hmac('sha1'), 401],
    ['MD5', hmac('md5'), 401],
    ['SHA-512 by another secret', hmac('sha512', github.otherSecret), 401],
    ['SHA-512 that says SHA-256', hmac('sha512').replace('sha512', 'sha256'), 401],
    ['digits without an algorithm', hmac('sha256').slice(7), 401],
    ['nothing', '', 401],
  ])('alone, with %s', async (_name, signature, expected) => {
    const onTheWay = ({ 'x-hub-signature-256': _, ...headers }: Headers) => ({
      ...headers,
      'x-hub-signature': signature,
    });
    expect(statusOf(await deliver(github, { body, onTheWay }))).toBe(expected);
  });

  it('does not stand in for an X-Hub-Signature-256 that failed', async () => {
    for (const failed of ['', hmac('sha256', github.otherSecret), 'sha256=']) {
      const onTheWay = (headers: Headers) => ({
        ...headers,
        'x-hub-signature-256': failed,
        'x-hub-signature': hmac('sha512'),
      });
      expect(statusOf(await deliver(github, { body, onTheWay }))).toBe(401);
    }
  });
});

describe('a form', () => {
  it.each([
    ['no field payload', 'load={}', 400],
    ['an empty one', 'payload=', 400],
    ['one that is not well encoded', 'payload=%7B%', 400],
    ['one that encodes bytes that are no UTF-8', 'payload=%7B%22%FF%22%3A1%7D', 400],
    ['JSON that is not in a field', JSON.stringify(github.payload), 400],
    ['other fields before and after', `a=1&payload=${encodeURIComponent(JSON.stringify(github.payload))}&b`, 202],
    ['two, of which the first counts', `payload=${encodeURIComponent(JSON.stringify(github.payload))}&payload={}`, 202],
    ['+ for spaces', `payload=${JSON.stringify(github.payload, undefined, 1).replaceAll(' ', '+')}`, 202],
    ['a field whose name ends in payload', 'xpayload={}', 400],
  ])('with %s', async (_name, text, expected) => {
    expect(statusOf(await deliver(form, { body: Buffer.from(text) }))).toBe(expected);
  });

  it('is one by its content type, whatever its case and parameters', async () => {
    const headers = { 'content-type': 'Application/X-WWW-Form-URLencoded; charset=utf-8' };
    expect(statusOf(await deliver(form, { headers }))).toBe(202);
    expect(statusOf(await deliver(form, { headers: { 'content-type': 'application/json' } }))).toBe(400);
  });

  // URLSearchParams took five minutes over this one.
  it('of four million fields is read in seconds', { timeout: 10_000 }, async () => {
    expect(statusOf(await deliver(form, { body: Buffer.from('a&'.repeat(maxBodyBytes / 2)) }))).toBe(400);
  });
});

it('a push with another kind of ref is of another shape', async () => {
  for (const ref of ['main', '', 'heads/main', ' refs/heads/main']) {
    expect(statusOf(await deliver(github, { payload: { ...github.payload, ref } }))).toBe(422);
  }
});
