import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { DeliveryRequest } from '../lib/answer-delivery.ts';
import type { ReadSecret } from '../lib/app/ports.ts';
import { Settings } from '../lib/domain/settings/settings.ts';
import { receiveDelivery } from '../lib/receive-delivery.ts';
import { commit, createJobWorld } from './app/jobs/job-world.ts';

const settings = Settings.parse({
  version: 1,
  webhooks: [{ id: 'acme', sender: 'generic', secret: { env: 'HOOK' } }],
});
const webhooks = new Map(settings.webhooks.map((webhook) => [webhook.id, webhook]));
const findKey = async () => undefined;

function signed(secret: string): DeliveryRequest {
  const body = Buffer.from('{"url":"https://github.com/acme/shop.git","ref":"main"}');
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  return { id: 'acme', method: 'POST', headers: { 'x-signature': signature }, body };
}

/** Keeps a secret as the functions in AWS do: the newest one is read only when it is asked for. */
function keeping(kept: string, newest: string) {
  const reads: string[] = [];
  const readSecret: ReadSecret = async (_, options) => {
    reads.push(options?.newest ? 'newest' : 'kept');
    return options?.newest ? newest : kept;
  };
  return { readSecret, reads };
}

it('a delivery that is signed with the kept secret queues a sync, and the secret is read once', async () => {
  const world = createJobWorld();
  const { readSecret, reads } = keeping('old', 'new');
  expect(await receiveDelivery(signed('old'), webhooks, { ...world.ports, readSecret, findKey })).toMatchObject({
    status: 202,
    message: 'Queued 1 sync',
  });
  expect(reads).toEqual(['kept']);
});

it('a delivery that is signed with a secret that was rotated a moment ago is taken', async () => {
  const world = createJobWorld();
  world.place('shop').head = commit('b');
  const { readSecret } = keeping('old', 'new');
  expect(await receiveDelivery(signed('new'), webhooks, { ...world.ports, readSecret, findKey })).toMatchObject({
    status: 202,
  });
});

it('a delivery that no secret signed is refused, after one look at the newest', async () => {
  const world = createJobWorld();
  const { readSecret, reads } = keeping('old', 'old');
  expect(await receiveDelivery(signed('wrong'), webhooks, { ...world.ports, readSecret, findKey })).toMatchObject({
    status: 401,
  });
  expect(reads).toEqual(['kept', 'newest']);
});

it('a delivery to an id that is not configured is 404', async () => {
  const world = createJobWorld();
  const { readSecret, reads } = keeping('old', 'old');
  const request = { ...signed('old'), id: 'other' };
  expect(await receiveDelivery(request, webhooks, { ...world.ports, readSecret, findKey })).toMatchObject({
    status: 404,
  });
  expect(reads).toEqual([]);
});
