import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { deliver, statusOf, without } from './deliver.ts';
import { exampleOf } from './examples/examples.ts';

const gitea = exampleOf('gitea');
const form = exampleOf('gitea, as a form');
const body = Buffer.from(JSON.stringify(gitea.payload));

function hmac(bytes: string | Buffer): string {
  return createHmac('sha256', gitea.secret).update(bytes).digest('hex');
}

it("headers of GitHub's prove nothing, even where they are right", async () => {
  const onTheWay = (headers: Headers) => ({
    ...without(headers, 'x-gitea-signature'),
    'x-hub-signature-256': `sha256=${hmac(body)}`,
    'x-gogs-signature': hmac(body),
  });
  expect(statusOf(await deliver(gitea, { body, onTheWay }))).toBe(401);
});

it('a hook without a secret signs with nothing, and is refused', async () => {
  const onTheWay = (headers: Headers) => ({ ...headers, 'x-gitea-signature': '', 'x-hub-signature-256': 'sha256=' });
  expect(statusOf(await deliver(gitea, { onTheWay }))).toBe(401);
});

it('the signature does not name its algorithm', async () => {
  const onTheWay = (headers: Headers) => ({ ...headers, 'x-gitea-signature': `sha256=${hmac(body)}` });
  expect(statusOf(await deliver(gitea, { body, onTheWay }))).toBe(401);
});

describe('a form', () => {
  it('whose own bytes are signed, as GitHub does, is refused', async () => {
    const bytes = Buffer.from(`payload=${encodeURIComponent(JSON.stringify(gitea.payload))}`);
    const onTheWay = (headers: Headers) => ({ ...headers, 'x-gitea-signature': hmac(bytes) });
    expect(statusOf(await deliver(form, { body: bytes, onTheWay }))).toBe(401);
  });

  it('counts by what it carries, however it is encoded', async () => {
    const json = JSON.stringify(gitea.payload, undefined, 2);
    const onTheWay = (headers: Headers) => ({ ...headers, 'x-gitea-signature': hmac(json) });
    for (const text of [
      `payload=${encodeURIComponent(json)}`,
      `payload=${encodeURIComponent(json).replaceAll('%20', '+')}`,
      `a=1&payload=${encodeURIComponent(json)}&b=2`,
    ]) {
      expect(statusOf(await deliver(form, { body: Buffer.from(text), onTheWay }))).toBe(202);
    }
    expect(statusOf(await deliver(form, { body: Buffer.from(json), onTheWay }))).toBe(401);
  });
});
