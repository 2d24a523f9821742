import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { createSqliteQueue } from '../../lib/adapters/sqlite/queue.ts';
import { createSqliteStore } from '../../lib/adapters/sqlite/store.ts';
import { Settings } from '../../lib/domain/settings/settings.ts';
import { createHttpServer } from '../../lib/local/http.ts';
import { createLog } from '../../lib/log.ts';
import { receiveDelivery } from '../../lib/receive-delivery.ts';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { type Example, now } from '../webhooks/examples/example.ts';
import { exampleOf, examples } from '../webhooks/examples/examples.ts';
import { findKey } from '../webhooks/google.ts';

/** One request: the example whose sender it is to, and what arrives. */
export interface Post {
  readonly example: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** As the sender would, over the body as it arrives. */
  readonly isSigned: boolean;
  readonly method: string;
}

/** Everything from the socket to the store and the queue, with a webhook for each example. */
export interface Receiver extends AsyncDisposable {
  /** The status of the answer. */
  post(post: Post): Promise<number>;
}

export async function openReceiver(): Promise<Receiver> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-fuzz-'));
  const database = openDatabase(join(directory, 'sluice.db'));
  const names = Object.keys(examples);
  const ids = new Map(names.map((name, index) => [name, `0123456789abcdef0123456789-${index}`]));
  const settings = Settings.parse({
    version: 1,
    webhooks: names.map((name) => webhookOf(name, ids.get(name))),
    targets: [
      {
        name: 'shop',
        source: { url: 'https://github.com/acme/shop.git', branch: 'main' },
        cluster: { kubeconfig: { env: 'K' } },
      },
    ],
  });
  const webhooks = new Map(settings.webhooks.map((webhook) => [webhook.id, webhook]));
  const clock = () => now;
  const ports = {
    store: createSqliteStore(database, clock),
    queue: createSqliteQueue(database, clock),
    clock,
    newId: randomUUID,
    log: createLog(() => undefined),
    targets: new Map(settings.targets.map((target) => [target.name, target])),
    readSecret: async (ref: object) => exampleAt('env' in ref ? Number(String(ref.env).slice(1)) : 0).secret,
    findKey,
  };
  function exampleAt(index: number): Example {
    return examples[names[index] ?? ''] as Example;
  }
  const server = createHttpServer(
    {
      webhookNames: new Map([...webhooks.keys()].map((id) => [id, id])),
      receive: (delivery) => receiveDelivery(delivery, webhooks, ports),
    },
    { log: ports.log },
  );
  const port = await server.listen(0, '127.0.0.1');
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });

  async function post({ example: name, body, headers, isSigned, method }: Post): Promise<number> {
    const example = exampleOf(name);
    const proof = isSigned ? signed(example, body) : {};
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        method,
        path: `/webhooks/${ids.get(name)}`,
        headers: { ...example.headers, ...headers, ...proof, 'content-length': body.length },
      },
      (response) => {
        text(response).then(() => resolve(response.statusCode ?? 0), reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
    return promise;
  }

  return {
    post,
    async [Symbol.asyncDispose]() {
      agent.destroy();
      await server.stop(1);
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** None for a form that cannot be decoded: who signs what is in it has nothing to sign. */
function signed({ sign, secret }: Example, body: Buffer): Headers {
  try {
    return sign(body, secret);
  } catch (error) {
    if (error instanceof URIError) return {};
    throw error;
  }
}

function webhookOf(name: string, id: string | undefined): unknown {
  const { sender, settings, proof } = exampleOf(name);
  const secret = proof && !proof.isToken ? { secret: { env: `E${Object.keys(examples).indexOf(name)}` } } : {};
  return { id, sender, ...settings, ...secret };
}
