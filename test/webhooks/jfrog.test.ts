import { expect, it } from 'vitest';
import { deliver, statusOf } from './deliver.ts';
import { exampleOf } from './examples/examples.ts';

const signed = exampleOf('jfrog, signed');
const plain = exampleOf('jfrog, secret');

it('a secret does not count where a signature is configured, nor a signature where a secret is', async () => {
  expect(statusOf(await deliver(plain, { settings: { payloadSigning: true } }))).toBe(401);
  expect(statusOf(await deliver(signed, { settings: { payloadSigning: false } }))).toBe(401);
});

it.each(['', 'no address', null])('an Artifactory that says %j of its own address needs a registry', async (origin) => {
  expect(await deliver(signed, { payload: { ...signed.payload, jpd_origin: origin } })).toEqual({
    status: 200,
    message: 'Cannot read the delivery: its jpd_origin is empty',
    help: expect.stringContaining('registry'),
  });
});
