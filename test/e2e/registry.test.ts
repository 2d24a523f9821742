import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebhookSettings } from '../../lib/domain/settings/webhook-settings.ts';
import { lowerHeaders } from '../../lib/webhooks/headers.ts';
import { type Delivery, readDelivery } from '../../lib/webhooks/read-delivery.ts';
import { type NotifyingRegistry, startNotifyingRegistry } from '../parts/notifying-registry.ts';
import { findKey } from '../webhooks/google.ts';
import { type Serve, startServe } from './serve.ts';

/** Debian's registry tells `sluice serve` of real pushes; a witness beside it reads the same bytes with the same code. */

const secret = 'Bearer a secret of the registry';
const webhook = WebhookSettings.parse({ id: 'registry', sender: 'distribution', secret: { file: 'registry' } });
const isHere = ['docker-registry', 'skopeo'].every((program) => existsSync(join('/usr/bin', program)));

describe.skipIf(!isHere)('a registry', () => {
  const witnessed: Delivery[] = [];
  let serve: Serve;
  let witness: Server;
  let registry: NotifyingRegistry;

  beforeAll(async () => {
    serve = await startServe({
      settings: { webhooks: [webhook, { ...webhook, id: 'another', secret: { file: 'another' } }] },
      secrets: { registry: secret, another: 'Bearer another secret' },
    });
    witness = createServer(async (request, response) => {
      const sent = { method: 'POST', headers: lowerHeaders(request.headers), body: await buffer(request) };
      witnessed.push(await readDelivery(sent, { webhook, secrets: [secret], now: Date.now(), findKey }));
      response.writeHead(204).end();
    }).listen(0, '127.0.0.1');
    await once(witness, 'listening');
    const headers = { Authorization: [secret] };
    registry = await startNotifyingRegistry([
      { name: 'sluice', url: `${serve.url}/webhooks/registry`, headers },
      { name: 'mistaken', url: `${serve.url}/webhooks/another`, headers },
      { name: 'witness', url: `http://127.0.0.1:${(witness.address() as AddressInfo).port}/`, headers },
    ]);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    witness.close();
    await serve[Symbol.asyncDispose]();
  });

  it('has each of its events taken at once, pushes of blobs and pulls among them', async () => {
    const digests = new Map<string, string>();
    for (const tag of ['1.0.0', '1.1.0']) digests.set(tag, await registry.push('acme/shop', tag));
    await registry.pull('acme/shop', '1.1.0');

    // Layer, config and manifest of each, and what the pull reads.
    const { Statuses, Failures } = await registry.drained('sluice', 7);
    expect(Failures).toBe(0);
    expect(Object.keys(Statuses)).toEqual(['204 No Content']);

    await registry.drained('witness', 7);
    const changes = witnessed.flatMap((delivery) => ('changes' in delivery ? delivery.changes : []));
    expect(changes).toEqual(
      [...digests].map(([tag, digest]) => ({ kind: 'image', image: `${registry.host}/acme/shop`, tag, digest })),
    );
    expect(witnessed.filter((delivery) => 'status' in delivery && delivery.status !== 204)).toEqual([]);
    expect(new Set(witnessed.flatMap((delivery) => ('deliveryId' in delivery ? delivery.deliveryId : []))).size).toBe(
      2,
    );
  });

  it('holds its events back while its secret is wrong, and loses none once it is right', async () => {
    const { Statuses } = await registry.notified('mistaken');
    expect(Object.keys(Statuses)).toEqual(['401 Unauthorized']);
    expect(serve.output).toMatch(/"A delivery was refused","webhook":"another","status":401/);
    await writeFile(join(serve.directory, 'another'), secret);
    const { Successes } = await registry.notified('sluice');
    expect((await registry.drained('mistaken', Successes)).Successes).toBe(Successes);
  });
});
