import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createConnect } from '../../../lib/adapters/cluster/connect.ts';
import { createCertificate } from '../../fakes/certificate.ts';
import { kubeconfigText } from './kubeconfig-text.ts';

const certificate = createCertificate({ name: 'server', addresses: ['127.0.0.1'] });
const server = createServer({ cert: certificate.certificate, key: certificate.key }, (_, response) => {
  response.end(JSON.stringify({ resources: [] }));
});
/** Handshakes since the last look, and connections that are open. */
let handshakes = 0;
let open = 0;
let text = '';
let port = 0;
server.on('secureConnection', (socket) => {
  handshakes++;
  open++;
  socket.on('close', () => open--);
});

function kubeconfig(token: string): string {
  const ca = Buffer.from(certificate.certificate).toString('base64');
  const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca };
  return kubeconfigText({ cluster, user: { token } });
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  text = kubeconfig('first');
  handshakes = 0;
});

/** Connects and asks once for each job, one after the other. */
async function jobs(
  count: number,
  idleMs: number,
  between: () => Promise<void> = async () => undefined,
): Promise<void> {
  const connect = createConnect({ readSecret: async () => text, idleMs });
  for (let job = 0; job < count; job++) {
    await using cluster = await connect({ kubeconfig: { env: 'K' } });
    await cluster.resources('v1');
    await between();
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !condition(); tries++) await sleep(10);
}

it('a connection is kept for the next job, and closed when none has come', async () => {
  await jobs(3, 200);
  expect(handshakes).toBe(1);
  expect(open).toBe(1);
  await until(() => open === 0);
  expect(open).toBe(0);
});

it('without a time to keep it, each job has a connection of its own', async () => {
  await jobs(3, 0);
  expect(handshakes).toBe(3);
  await until(() => open === 0);
  expect(open).toBe(0);
});

it('jobs at once share what is kept, and one that ends takes nothing from the others', async () => {
  const connect = createConnect({ readSecret: async () => text, idleMs: 200 });
  const [one, other] = await Promise.all([0, 1].map(() => connect({ kubeconfig: { env: 'K' } })));
  await one?.resources('v1');
  await one?.[Symbol.asyncDispose]();
  await one?.[Symbol.asyncDispose]();
  await sleep(400);
  await other?.resources('v1');
  expect(handshakes).toBe(1);
  await other?.[Symbol.asyncDispose]();
  await until(() => open === 0);
});

it('credentials that were renewed have a connection of their own', async () => {
  await jobs(2, 200, async () => {
    text = kubeconfig('renewed');
  });
  expect(handshakes).toBe(2);
  await until(() => open === 0);
});

it('a kubeconfig that cannot be used is refused each time, and heals', async () => {
  const connect = createConnect({ readSecret: async () => text, idleMs: 200 });
  text = 'nonsense: [';
  for (let job = 0; job < 2; job++) {
    await expect(connect({ kubeconfig: { env: 'K' } })).rejects.toThrow(/Cannot use the kubeconfig/);
  }
  text = kubeconfig('first');
  await using cluster = await connect({ kubeconfig: { env: 'K' } });
  expect(await cluster.resources('v1')).toEqual([]);
});
