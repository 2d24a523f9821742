import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxBodyBytes } from '../../lib/webhooks/read-delivery.ts';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { carry, deliver, statusOf, without } from './deliver.ts';
import { after, before, type Example, zeros } from './examples/example.ts';
import { accepted, examples, unreadable } from './examples/examples.ts';
import { paths, replaced } from './payload-fields.ts';

/** What no sender of the table may do to us, in any form in which it delivers. */
describe.each(Object.entries(examples))('%s', (_name, example) => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'post', ''])('%j is no delivery', async (method) => {
    expect(statusOf(await deliver(example, { method }))).toBe(405);
  });

  it('8 MiB are read, and not a byte more', async () => {
    const body = carry(example, JSON.stringify({ ...example.payload, pad: '' }));
    const pad = 'x'.repeat(maxBodyBytes - body.length);
    const full = carry(example, JSON.stringify({ ...example.payload, pad }));
    expect(full.length).toBe(maxBodyBytes);
    expect(await deliver(example, { body: full })).toEqual(accepted(example));
    const over = carry(example, JSON.stringify({ ...example.payload, pad: `${pad}x` }));
    expect(statusOf(await deliver(example, { body: over }))).toBe(413);
  });

  it('20 MB of text are refused before anyone is asked who sent them', async () => {
    expect(statusOf(await deliver(example, { body: Buffer.alloc(20_000_000, 'x'), secrets: [] }))).toBe(413);
  });

  it('10,000 levels are read or refused, and nothing else', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const refused = [unreadable(example, 422), ...(example.deciding ? [204] : [])];
    const json = `{"deep":${deep},${JSON.stringify(example.payload).slice(1)}`;
    expect(await deliver(example, { json })).toEqual(accepted(example));
    expect(refused).toContain(statusOf(await deliver(example, { json: deep })));
    expect(statusOf(await deliver(example, { json: '['.repeat(10_000) }))).toBe(unreadable(example, 400));
    for (const path of paths(example.payload)) {
      const inside = JSON.stringify(replaced(example.payload, path, '@')).replace('"@"', deep);
      expect(refused).toContain(statusOf(await deliver(example, { json: inside })));
    }
  });

  it('keys of the prototype are data', async () => {
    const json = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${JSON.stringify(example.payload).slice(1)}`;
    expect(await deliver(example, { json })).toEqual(accepted(example));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const hidden = await deliver(example, { json: `{"__proto__":${JSON.stringify(example.payload)}}` });
    expect(statusOf(hidden)).not.toBe(202);
  });

  it('no request makes it throw, and without a proof none gets beyond 401', async () => {
    await fc.assert(
      fc.asyncProperty(anyBody(example), anyHeaders(example), fc.boolean(), async (body, noise, signed) => {
        const header = signed ? undefined : example.proof?.header;
        const delivery = await deliver(example, {
          body,
          headers: noise,
          ...(header !== undefined && { onTheWay: (headers) => ({ ...without(headers, header), ...noise }) }),
        });
        const readable = [202, 204, unreadable(example, 400), unreadable(example, 422)];
        // Noise that makes a form of a body, or the other way, changes what is signed.
        if (example.signsJson) readable.push(401);
        expect(header === undefined ? readable : [401]).toContain(statusOf(delivery));
        if ('changes' in delivery) {
          for (const change of delivery.changes) {
            if (change.kind === 'git') expect(change.ref).toMatch(/^refs\//);
            if (change.kind === 'image') expect(change.image).toMatch(/^[a-z0-9.:[\]-]+\/[a-z0-9._/-]+$/);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Any bytes, any JSON, and payloads that are nearly right. */
function anyBody(example: Example): fc.Arbitrary<Buffer> {
  const nearly = fc
    .record({ path: fc.constantFrom(...paths(example.payload)), value: fc.oneof(fc.jsonValue(), fc.constant(zeros)) })
    .map(({ path, value }) => JSON.stringify(replaced(example.payload, path, value)));
  return fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.json().map((json) => carry(example, json)),
    nearly.map((json) => carry(example, json)),
  );
}

/** Headers that senders use, and others, with any values; never the one that proves, which the test sets itself. */
function anyHeaders(example: Example): fc.Arbitrary<Headers> {
  const name = fc.oneof(fc.constantFrom(...Object.keys(example.headers), '__proto__', 'webhook-id'), fc.string());
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('push', 'Push Hook', 'sha256=', 'v1,', ',', ', ,', before, after),
  );
  const header = example.proof?.header ?? '';
  return fc.dictionary(name, value, { maxKeys: 5 }).map((headers) => without(headers, header));
}
