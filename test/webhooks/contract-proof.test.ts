import { describe, expect, it } from 'vitest';
import { lowerHeaders } from '../../lib/webhooks/headers.ts';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { senders } from '../../lib/webhooks/senders.ts';
import { carry, deliver, statusOf, without } from './deliver.ts';
import type { Example } from './examples/example.ts';
import { accepted, examples } from './examples/examples.ts';

/** Who every sender of the table believes, in each form in which it delivers. */

it('every sender has an example', () => {
  const shown = new Set(Object.values(examples).map((example) => example.sender));
  expect([...shown].sort()).toEqual(Object.keys(senders).sort());
});

const proven = Object.entries(examples).flatMap(([name, example]) =>
  example.proof === undefined ? [] : [{ name, example, proof: example.proof }],
);

describe.each(proven)('$name', ({ example, proof }) => {
  /** The proof replaced by a text, in which `$` stands for the right one. */
  function proveWith(text: string): (headers: Headers) => Headers {
    return (headers) => ({ ...headers, [proof.header]: text.replaceAll('$', () => headers[proof.header] ?? '') });
  }

  it('none is refused', async () => {
    expect(await deliver(example, { onTheWay: (headers) => without(headers, proof.header) })).toEqual({
      status: 401,
      message: expect.stringMatching(/^Cannot verify the delivery: /),
      help: expect.any(String),
    });
  });

  it.each(proof.empty)('an empty one is refused: %j', async (value) => {
    expect(statusOf(await deliver(example, { onTheWay: proveWith(value) }))).toBe(401);
  });

  it('another secret is refused, and not repeated', async () => {
    const answer = await deliver(example, { secret: example.otherSecret });
    expect(statusOf(answer)).toBe(401);
    for (const secret of [example.secret, example.otherSecret]) expect(JSON.stringify(answer)).not.toContain(secret);
  });

  it('a part of the secret is refused', async () => {
    expect(statusOf(await deliver(example, { secret: example.secret.slice(0, -4) }))).toBe(401);
  });

  it('a header that came twice with one value counts once', async () => {
    for (const text of ['$, $', '$,$']) {
      expect(await deliver(example, { onTheWay: proveWith(text) })).toEqual(accepted(example));
    }
  });

  it('a right value hides among wrong ones only where the sender may send several', async () => {
    const several = proof.header === 'webhook-signature';
    for (const text of ['sha256=00, $', '$, sha256=00', '$,x', 'x,$']) {
      expect(statusOf(await deliver(example, { onTheWay: proveWith(text) }))).toBe(several ? 202 : 401);
    }
  });

  it('names of headers count in any case', async () => {
    const onTheWay = (headers: Headers) =>
      lowerHeaders(Object.fromEntries(Object.entries(headers).map(([name, value]) => [capitalise(name), value])));
    expect(await deliver(example, { onTheWay })).toEqual(accepted(example));
  });
});

describe.each(proven.filter(({ proof }) => !proof.isToken))('$name', ({ example }) => {
  it.each([[[]], [['']], [['', '']]])('nothing is accepted with the secrets %j', async (secrets) => {
    const settings = { secret: [{ env: 'EMPTY' }] };
    expect(statusOf(await deliver(example, { secrets, settings, secret: '' }))).toBe(401);
    expect(statusOf(await deliver(example, { secrets, settings }))).toBe(401);
  });

  it('each secret of a list counts while rotating', async () => {
    const { secret, otherSecret } = example;
    for (const secrets of [
      [secret, otherSecret],
      [otherSecret, secret],
      ['', otherSecret, secret],
    ]) {
      expect(await deliver(example, { secrets })).toEqual(accepted(example));
    }
  });
});

const signing = proven.filter(({ example }) => example.signsBody);

describe.each(signing)('$name', ({ example }) => {
  it('a changed body is refused', async () => {
    const signed = carry(example, JSON.stringify(example.payload));
    const body = Buffer.from(signed);
    body[body.length - 3] = (body[body.length - 3] ?? 0) ^ 1;
    expect(statusOf(await deliver(example, { body, signed }))).toBe(401);
  });

  it('a body written anew is refused: what is signed is bytes, not JSON', async () => {
    const signed = carry(example, JSON.stringify(example.payload, undefined, 2));
    expect(await deliver(example, { body: signed, signed })).toEqual(accepted(example));
    expect(statusOf(await deliver(example, { signed }))).toBe(401);
  });

  it('bytes that decode to the signed text are refused', async () => {
    const [signed, body] = withReplacement(example);
    expect(body.toString()).toBe(signed.toString());
    expect(statusOf(await deliver(example, { body: signed }))).toBe(202);
    expect(statusOf(await deliver(example, { body, signed }))).toBe(401);
  });

  it('base64 of the signed bytes is refused: only a gateway that says so encodes', async () => {
    const signed = carry(example, JSON.stringify(example.payload));
    expect(statusOf(await deliver(example, { body: Buffer.from(signed.toString('base64')), signed }))).toBe(401);
  });
});

/** The body with a replacement character, and one whose bytes are no UTF-8 there. */
function withReplacement(example: Example): readonly [Buffer, Buffer] {
  const text = carry(example, JSON.stringify({ ...example.payload, note: '#' })).toString();
  const at = text.includes('#') ? '#' : '%23';
  const [head = '', tail = ''] = text.split(at);
  const bytes = Buffer.concat([Buffer.from(head), Buffer.from([0xff]), Buffer.from(tail)]);
  return [Buffer.from(text.replace(at, '\ufffd')), bytes];
}

const unproven = Object.entries(examples).filter(([, { proof }]) => proof === undefined);

it.each(unproven)('%s: whoever knows the id is believed, and no header changes that', async (_name, example) => {
  expect(await deliver(example)).toEqual(accepted(example));
  const headers = { authorization: 'Bearer x', 'x-hub-signature-256': 'sha256=00' };
  expect(await deliver(example, { headers })).toEqual(accepted(example));
});

function capitalise(name: string): string {
  return name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
