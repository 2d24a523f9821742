import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { deliver, statusOf } from './deliver.ts';
import { exampleOf } from './examples/examples.ts';

const generic = exampleOf('generic');
const image = exampleOf('generic, image');

it.each([
  ['main', 'refs/heads/main'],
  ['feature/x', 'refs/heads/feature/x'],
  ['refs/heads/main', 'refs/heads/main'],
  ['refs/tags/v1', 'refs/tags/v1'],
])('the ref %s is %s', async (ref, expected) => {
  const delivery = await deliver(generic, { payload: { ...generic.payload, ref } });
  expect(delivery).toEqual({ changes: [{ ...generic.changes[0], ref: expected }] });
});

it.each(['url', 'ref'])('an empty %s is of another shape', async (field) => {
  expect(statusOf(await deliver(generic, { payload: { ...generic.payload, [field]: '' } }))).toBe(422);
});

it.each([
  ['image', ''],
  ['image', 'acme/Shop:1'],
  ['image', 'https://registry.acme.io/shop'],
  ['tag', ''],
  ['tag', '-1'],
  ['tag', 'a'.repeat(129)],
  ['digest', 'sha256:00'],
  ['digest', `md5:${'0'.repeat(32)}`],
])('an image event with the %s %j is of another shape', async (field, value) => {
  const delivery = await deliver(image, { payload: { ...image.payload, [field]: value } });
  expect(delivery).toMatchObject({ status: 422, message: expect.stringContaining(field) });
});

it.each([
  ['SHA-256', 'sha256', (hex: string) => `sha256=${hex}`, 202],
  ['SHA-256 in capitals', 'sha256', (hex: string) => `sha256=${hex.toUpperCase()}`, 202],
  ['SHA-256 that does not say so', 'sha256', (hex: string) => hex, 401],
  ['SHA-1', 'sha1', (hex: string) => `sha1=${hex}`, 401],
  ['SHA-512', 'sha512', (hex: string) => `sha512=${hex}`, 401],
  ['SHA-1 that says SHA-256', 'sha1', (hex: string) => `sha256=${hex}`, 401],
])('signed with %s', async (_name, algorithm, write, expected) => {
  const body = Buffer.from(JSON.stringify(generic.payload));
  const signature = write(createHmac(algorithm, generic.secret).update(body).digest('hex'));
  const onTheWay = (headers: Headers) => ({ ...headers, 'x-signature': signature });
  expect(statusOf(await deliver(generic, { body, onTheWay }))).toBe(expected);
});
