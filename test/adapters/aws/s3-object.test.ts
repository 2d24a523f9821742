import { expect, it } from 'vitest';
import { parseS3Address, readS3Object } from '../../../lib/adapters/aws/s3-object.ts';
import { refusal } from '../../parts/connect.ts';
import { startAws } from './client.ts';

it.each([
  ['s3://acme-config/sluice.yaml', { bucket: 'acme-config', key: 'sluice.yaml' }],
  ['s3://acme.config/a/b c.yaml', { bucket: 'acme.config', key: 'a/b c.yaml' }],
  ['s3://acme-config', undefined],
  ['s3://acme-config/', undefined],
  ['s3:///sluice.yaml', undefined],
  ['https://acme-config/sluice.yaml', undefined],
])('of the address %s is made %j', (address, place) => {
  expect(parseS3Address(address)).toEqual(place);
});

it('an object is read with its tag, and not again while it is the same', async () => {
  const { client, aws } = await startAws(({ headers }) => {
    return headers['if-none-match'] === '"1"' ? { status: 304 } : { headers: { etag: '"1"' }, body: 'version: 1' };
  });
  expect(await readS3Object(client, "s3://acme/a b/it's.yaml")).toEqual({ text: 'version: 1', etag: '"1"' });
  expect(await readS3Object(client, "s3://acme/a b/it's.yaml", '"1"')).toBeUndefined();
  expect(aws.calls.map(({ path }) => path)).toEqual(Array(2).fill('/acme/a%20b/it%27s.yaml'));
});

it.each([
  [404, 'NoSuchKey', 'missing', 'there is no such object'],
  [403, 'AccessDenied', 'missing', 'it is not there, or may not be read'],
  [301, 'PermanentRedirect', 'missing', 'the bucket is in another region'],
  [500, 'InternalError', 'server', 'S3 answered InternalError: m'],
])('the answer %i %s is a %s Failure: %s', async (status, code, fault, found) => {
  const { client } = await startAws(() => ({
    status,
    body: `<Error><Code>${code}</Code><Message>m</Message></Error>`,
  }));
  expect(await refusal(readS3Object(client, 's3://acme/sluice.yaml'))).toMatchObject({
    fault,
    message: `Cannot read "s3://acme/sluice.yaml": ${found}`,
  });
});
