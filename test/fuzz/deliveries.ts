import fc from 'fast-check';
import { exampleOf, examples } from '../webhooks/examples/examples.ts';
import { paths, replaced } from '../webhooks/payload-fields.ts';
import { deliveryShapes } from './delivery-shapes.ts';
import { mutated } from './mutate.ts';
import { recordedBodies } from './real-inputs.ts';
import { openReceiver, type Post } from './receiver.ts';
import type { Subject } from './subject.ts';

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
export async function openDeliveries(): Promise<Subject<Post>> {
  const receiver = await openReceiver();
  return {
    inputs: inputs(Object.keys(examples)),
    async take(input) {
      const status = await receiver.post(input);
      if (!settled.has(status)) throw new Error(`answered ${status}`);
      return `${status}`;
    },
    shapes: deliveryShapes,
    largest: 8 * 1024 * 1024,
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
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

function inputs(names: readonly string[]): fc.Arbitrary<Post> {
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
