import { expect, it } from 'vitest';
import { createAwsSecrets } from '../../../lib/adapters/aws/aws-secrets.ts';
import type { SecretRef } from '../../../lib/domain/settings/secret-ref.ts';
import type { AwsReply } from '../../fakes/aws/services.ts';
import { refusal } from '../../parts/connect.ts';
import { startAws } from './client.ts';

const secret = { aws: 'sluice/prod/webhook/acme' };

/** One secret whose answer may change, and a clock that is moved. */
async function start(first: AwsReply | undefined) {
  const state = { reply: first, now: 1_000_000 };
  const { client, aws } = await startAws(() => state.reply);
  const readSecret = createAwsSecrets(client, () => state.now);
  return { state, aws, read: (ref: SecretRef = secret, newest = false) => readSecret(ref, { newest }) };
}

function stored(text: string): AwsReply {
  return { body: JSON.stringify({ SecretString: text }) };
}

const throttled: AwsReply = { status: 400, body: '{"__type":"ThrottlingException"}' };

it.each([
  ['a text of Secrets Manager', secret, stored('s3cr3t\n'), 's3cr3t'],
  ['a field of it', { ...secret, key: 'shop' }, stored('{"shop":"s3cr3t","other":"x"}'), 's3cr3t'],
  ['bytes of it', secret, { body: `{"SecretBinary":"${Buffer.from('s3cr3t').toString('base64')}"}` }, 's3cr3t'],
  ['a parameter of SSM', { ssm: '/sluice/prod/webhook/a' }, { body: '{"Parameter":{"Value":"s3cr3t"}}' }, 's3cr3t'],
])('%s is read', async (_, ref, reply, value) => {
  const { read } = await start(reply);
  expect(await read(ref)).toBe(value);
});

it('a secret is asked for by its id, a parameter with its value decrypted', async () => {
  const { read, aws } = await start(stored('x'));
  await read();
  await read({ ssm: '/sluice/prod/webhook/acme' }).catch(() => undefined);
  expect(aws.calls.map(({ service, action, body }) => [service, action, JSON.parse(body)])).toEqual([
    ['secretsmanager', 'GetSecretValue', { SecretId: 'sluice/prod/webhook/acme' }],
    ['ssm', 'GetParameter', { Name: '/sluice/prod/webhook/acme', WithDecryption: true }],
  ]);
});

it('a secret is kept for a minute, and the rotated one is read after it', async () => {
  const { read, aws, state } = await start(stored('old'));
  expect(await Promise.all([read(), read(), read()])).toEqual(['old', 'old', 'old']);
  state.reply = stored('new');
  state.now += 59_000;
  expect([await read(), aws.calls.length]).toEqual(['old', 1]);
  state.now += 1000;
  expect([await read(), aws.calls.length]).toEqual(['new', 2]);
});

it('the newest secret is read at once, but not more often than every ten seconds', async () => {
  const { read, aws, state } = await start(stored('old'));
  await read();
  state.reply = stored('new');
  expect([await read(secret, true), aws.calls.length]).toEqual(['old', 1]);
  state.now += 10_000;
  expect([await read(secret, true), await read(), aws.calls.length]).toEqual(['new', 'new', 2]);
});

it('a kept secret serves for five minutes where none can be read, and no longer', async () => {
  const { read, state } = await start(stored('old'));
  await read();
  state.reply = throttled;
  state.now += 299_000;
  expect(await read()).toBe('old');
  state.now += 1000;
  expect(await refusal(read())).toMatchObject({ fault: 'server', code: 'ThrottlingException' });
});

it('a secret that was deleted is not served from memory', async () => {
  const { read, state } = await start(stored('old'));
  await read();
  state.reply = { status: 400, body: '{"__type":"ResourceNotFoundException"}' };
  state.now += 60_000;
  expect(await refusal(read())).toMatchObject({ fault: 'missing' });
});

it('a clock that was set back makes nothing fresh', async () => {
  const { read, state } = await start(stored('old'));
  await read();
  state.reply = stored('new');
  state.now -= 600_000;
  expect(await read()).toBe('new');
});

it.each([
  [
    'nothing of this name',
    { status: 400, body: '{"__type":"ResourceNotFoundException","message":"m"}' },
    {},
    'there is none of this name, or it has no value yet',
  ],
  [
    'no permission',
    { status: 400, body: '{"__type":"AccessDeniedException","message":"m"}' },
    {},
    'the role of this function may not read it',
  ],
  ['an empty text', stored(' \n'), {}, 'it is empty'],
  ['a text that is no JSON', stored('s3cr3t {'), { key: 'shop' }, 'it is no JSON with a field "shop"'],
  ['JSON without the field', stored('{"s3cr3t":"x"}'), { key: 'shop' }, 'it has no field "shop" with a text'],
  ['JSON whose field is inherited', stored('{}'), { key: 'toString' }, 'it has no field "toString" with a text'],
  ['a field that is empty', stored('{"shop":""}'), { key: 'shop' }, 'its field "shop" is empty'],
])('a secret with %s is missing, and nothing of it is told', async (_, reply, more, found) => {
  const { read } = await start(reply);
  const refused = await refusal(read({ ...secret, ...more }));
  expect(refused).toMatchObject({
    fault: 'missing',
    message: `Cannot read the secret "{ aws: sluice/prod/webhook/acme }": ${found}`,
  });
  expect(JSON.stringify(refused)).not.toContain('s3cr3t');
});

it('files and variables are not for the functions', async () => {
  const { read, aws } = await start(stored('x'));
  expect(await refusal(read({ env: 'X' }))).toMatchObject({ fault: 'user', code: 'SecretElsewhere' });
  expect(await refusal(read({ file: 'x' }))).toMatchObject({ fault: 'user', code: 'SecretElsewhere' });
  expect(aws.calls).toEqual([]);
});
