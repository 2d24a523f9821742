import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
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
import { fieldAt, paths, replaced } from '../webhooks/payload-fields.ts';
import { mutated } from './mutate.ts';
import { recordedBodies } from './real-inputs.ts';
import type { Subject } from './subject.ts';

/** One request: the example whose sender it is to, and what arrives. */
interface Input {
  readonly example: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** As the sender would, over the body as it arrives. */
  readonly isSigned: boolean;
  readonly method: string;
}

const prefixes: Readonly<Record<string, string>> = { bitbucket: 'bitbucket-cloud', gcr: 'g' };
const tokens = [
  '"ref":"refs/heads/main",',
  '"ref":null,',
  '"after":"',
  '0'.repeat(40),
  '{}',
  '[]',
  '[[],{}]',
  '{"a":',
  'null',
  'true',
  '-1',
  '1e400',
  'payload=',
  '%00',
  '%ff',
  '&',
  '\\u0000',
  '\\ud800',
  'https://[',
  'git@a:b',
  '"__proto__":{"a":1},',
  '"deleted":true,',
];
const settled = new Set([200, 202, 204, 400, 401, 404, 405, 413, 422]);

/** Every sender of webhooks, by HTTP: from the socket to the store and the queue. No status of 500 or more, and none that is not documented. */
export async function openDeliveries(): Promise<Subject<Input>> {
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

  async function post({ example: name, body, headers, isSigned, method }: Input): Promise<number> {
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

  function shape(name: string, payload: (size: number) => unknown): (size: number) => Input {
    return (size) => bodyOf(name, JSON.stringify(payload(size)));
  }
  function bodyOf(name: string, json: string): Input {
    const example = exampleOf(name);
    return {
      example: name,
      body: Buffer.from(example.encode?.(json.toWellFormed()) ?? json),
      headers: {},
      isSigned: true,
      method: 'POST',
    };
  }
  const [github, distribution, bitbucket] = [
    exampleOf('github').payload,
    exampleOf('distribution'),
    exampleOf('bitbucket'),
  ];
  const commit = { id: 'a'.repeat(40), message: 'b', added: ['c'] };

  return {
    inputs: inputs(names),
    async take(input) {
      const status = await post(input);
      if (!settled.has(status)) throw new Error(`answered ${status}`);
      return `${status}`;
    },
    shapes: {
      commits: shape('github', (size) => ({ ...github, commits: Array(Math.floor(size / 80)).fill(commit) })),
      'a long ref': shape('github', (size) => ({ ...github, ref: `refs/heads/${'a/'.repeat(size / 2)}` })),
      'a long address': shape('github', (size) => ({
        ...github,
        repository: {
          clone_url: `https://github.com/${'a/'.repeat(size / 2)}`,
          ssh_url: `git@a:${'../'.repeat(size / 3)}`,
        },
      })),
      'brackets that are not closed': (size) => bodyOf('github', '['.repeat(size)),
      'objects in objects': (size) =>
        bodyOf('gitlab, plain token', `${'{"a":'.repeat(size / 5)}1${'}'.repeat(size / 5)}`),
      escapes: (size) => bodyOf('generic', `{"url":"${'\\u0041'.repeat(size / 6)}"}`),
      'fields of a form': (size) => ({
        ...bodyOf('github', '{}'),
        body: Buffer.from(`${'a=b&'.repeat(size / 4)}payload=%7B%7D`),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
      'percent signs of a form': (size) => ({
        ...bodyOf('github', '{}'),
        body: Buffer.from(`payload=${'%7'.repeat(size / 2)}`),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
      events: shape('distribution', (size) => ({ events: repeated(fieldAt(distribution.payload, 'events.0'), size) })),
      changes: shape('bitbucket', (size) => ({
        ...bitbucket.payload,
        push: { changes: repeated(fieldAt(bitbucket.payload, 'push.changes.0'), size) },
      })),
      'bytes that are no UTF-8': (size) => ({ ...bodyOf('github', '{}'), body: Buffer.alloc(size, 0xc3) }),
    },
    largest: 8 * 1024 * 1024,
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

/** As many as make up so many bytes. */
function repeated(entry: unknown, size: number): readonly unknown[] {
  return Array(Math.floor(size / JSON.stringify(entry).length)).fill(entry);
}

function webhookOf(name: string, id: string | undefined): unknown {
  const { sender, settings, proof } = exampleOf(name);
  const secret = proof && !proof.isToken ? { secret: { env: `E${Object.keys(examples).indexOf(name)}` } } : {};
  return { id, sender, ...settings, ...secret };
}

/** Headers that senders use, and others; none that belongs to the connection. */
const headers = fc.dictionary(
  fc.constantFrom(
    'x-github-event',
    'x-gitlab-event',
    'x-event-key',
    'x-gitea-event',
    'content-type',
    'x-github-delivery',
    'webhook-id',
    'x-request-id',
    'ce-type',
    'authorization',
    'x-a',
  ),
  fc.oneof(
    fc.constantFrom(
      'push',
      'ping',
      'Push Hook',
      'repo:push',
      'application/json',
      'application/x-www-form-urlencoded',
      'Bearer ',
      'Basic Og==',
      'sha256=',
      ',',
      '',
      'a'.repeat(4000),
    ),
    fc.string({ maxLength: 40 }).map((value) => value.replaceAll(/[^\x20-\x7e]/g, '~').trim()),
  ),
  { maxKeys: 3 },
);

function inputs(names: readonly string[]): fc.Arbitrary<Input> {
  const ofExample = names.map((name) => {
    const { sender, payload, encode } = exampleOf(name);
    const real = recordedBodies(prefixes[sender] ?? sender);
    const carry = (json: string) => Buffer.from(encode?.(json.toWellFormed()) ?? json);
    const nearly = fc
      .tuple(
        fc.constantFrom(...paths(payload)),
        fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, '0'.repeat(40), 'a'.repeat(3000))),
      )
      .map(([path, value]) => carry(JSON.stringify(replaced(payload, path, value))));
    const body = fc.oneof(
      { weight: 6, arbitrary: nearly },
      {
        weight: 6,
        arbitrary: mutated([JSON.stringify(payload), ...real], tokens).map(carry),
      },
      {
        weight: 2,
        arbitrary: mutated([encode?.(JSON.stringify(payload)) ?? JSON.stringify(payload)], tokens).map((bytes) =>
          Buffer.from(bytes, 'utf8'),
        ),
      },
      { weight: 1, arbitrary: fc.json().map((json) => Buffer.from(json)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    );
    return fc.record({
      example: fc.constant(name),
      body,
      headers: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, headers),
      isSigned: fc.integer({ min: 0, max: 9 }).map((number) => number > 0),
      method: fc.oneof({ weight: 40, arbitrary: fc.constant('POST') }, fc.constantFrom('GET', 'PUT', 'DELETE', 'HEAD')),
    });
  });
  return fc.oneof(...ofExample);
}
