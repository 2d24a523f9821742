import { describe, expect, it } from 'vitest';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { deliver, statusOf } from './deliver.ts';
import { now } from './examples/example.ts';
import { exampleOf } from './examples/examples.ts';
import { signStandardWebhook } from './examples/git-hosts.ts';

const plain = exampleOf('gitlab, plain token');
const signing = exampleOf('gitlab, signing token');
const body = Buffer.from(JSON.stringify(plain.payload));

describe('a plain token', () => {
  it('may hold commas', async () => {
    const secret = 'one,two, three';
    expect(statusOf(await deliver(plain, { secret, secrets: [secret] }))).toBe(202);
    expect(statusOf(await deliver(plain, { secret: 'one', secrets: [secret] }))).toBe(401);
    expect(statusOf(await deliver(plain, { secret, secrets: ['one'] }))).toBe(401);
  });

  it('of any other length is refused without an error', async () => {
    for (const secret of ['x', `${plain.secret}x`, 'x'.repeat(10_000)]) {
      expect(statusOf(await deliver(plain, { secret }))).toBe(401);
    }
  });

  it('does not count once a signing token is configured, even where the signature fails or is missing', async () => {
    const secrets = [plain.secret, signing.secret];
    expect(statusOf(await deliver(plain, { secrets }))).toBe(401);
    const onTheWay = (headers: Headers) => ({ ...headers, 'x-gitlab-token': plain.secret });
    expect(statusOf(await deliver(signing, { secrets, secret: signing.otherSecret, onTheWay }))).toBe(401);
    expect(statusOf(await deliver(signing, { secrets, onTheWay }))).toBe(202);
  });

  it('that is the signing token in clear is refused', async () => {
    expect(statusOf(await deliver(plain, { secret: signing.secret, secrets: [signing.secret] }))).toBe(401);
  });
});

describe('a signature', () => {
  it.each([
    [-301, 401],
    [-300, 202],
    [0, 202],
    [300, 202],
    [301, 401],
    [Number.NaN, 401],
  ])('that is %i s ahead of the clock', async (seconds, expected) => {
    const onTheWay = (headers: Headers) => ({
      ...headers,
      ...signStandardWebhook(body, signing.secret, now + seconds * 1000),
    });
    expect(statusOf(await deliver(signing, { body, onTheWay }))).toBe(expected);
  });

  it.each([['webhook-id'], ['webhook-timestamp'], ['webhook-signature']])('without %s is refused', async (name) => {
    for (const value of [undefined, '', 'x', '-1', '1e9', 'NaN', `${now / 1000}0000000000`]) {
      expect(statusOf(await deliver(signing, { onTheWay: (headers) => ({ ...headers, [name]: value }) }))).toBe(401);
    }
  });

  it('covers id and time', async () => {
    for (const change of [{ 'webhook-id': 'another' }, { 'webhook-timestamp': String(now / 1000 + 1) }]) {
      expect(statusOf(await deliver(signing, { onTheWay: (headers) => ({ ...headers, ...change }) }))).toBe(401);
    }
  });

  it('may be one of several, of which only v1 counts', async () => {
    const other = signStandardWebhook(body, signing.otherSecret)['webhook-signature'] ?? '';
    const right = signStandardWebhook(body, signing.secret)['webhook-signature'] ?? '';
    for (const [value, expected] of [
      [`${other} ${right}`, 202],
      [`${right} ${other}`, 202],
      [`v1a,${right.slice(3)} ${right}`, 202],
      [`v1a,${right.slice(3)}`, 401],
      [`v2,${right.slice(3)}`, 401],
      [`xv1,${right.slice(3)}`, 401],
      [`${right}=`, 401],
      [right.slice(0, -1), 401],
      [right.slice(3), 401],
      [`${other} ${other}`, 401],
    ] as const) {
      const onTheWay = (headers: Headers) => ({ ...headers, 'webhook-signature': value });
      expect(statusOf(await deliver(signing, { body, onTheWay }))).toBe(expected);
    }
  });

  it('by a token without a key is refused: anyone could make it', async () => {
    for (const secret of ['whsec_', 'whsec_=', 'whsec_!!']) {
      expect(statusOf(await deliver(signing, { secret, secrets: [secret] }))).toBe(401);
      expect(statusOf(await deliver(signing, { secrets: [secret, signing.secret] }))).toBe(202);
    }
  });
});

it('the signed id names the delivery, whatever else the headers say', async () => {
  const onTheWay = (headers: Headers) => ({ ...headers, 'idempotency-key': 'another' });
  expect(await deliver(signing, { onTheWay })).toMatchObject({ deliveryId: signing.deliveryId });
});

it('a GitLab older than 17.4 names no delivery', async () => {
  expect(await deliver(plain, { headers: { 'idempotency-key': undefined } })).toEqual({ changes: plain.changes });
});
