import { describe, expect, it } from 'vitest';
import { lowerHeaders } from '../../lib/webhooks/headers.ts';
import type { Headers } from '../../lib/webhooks/sender.ts';
import { senders } from '../../lib/webhooks/senders.ts';
import { carry, deliver, proveWith, statusOf, without } from './deliver.ts';
import { accepted, examples, zeros } from './examples.ts';
import { paths, replaced } from './payload-fields.ts';

/** What every sender of the table is held to, in each form in which it delivers. */

it('every sender has an example', () => {
  const shown = new Set(Object.values(examples).map((example) => example.sender));
  expect([...shown].sort()).toEqual(Object.keys(senders).sort());
});

describe.each(Object.entries(examples))('%s', (_name, example) => {
  it('a push becomes a change', async () => {
    expect(await deliver(example)).toEqual(accepted(example));
  });

  describe('proof', () => {
    it('none is refused', async () => {
      expect(await deliver(example, { onTheWay: (headers) => without(headers, example.proof.header) })).toEqual({
        status: 401,
        message: expect.stringMatching(/^Cannot verify the delivery: /),
        help: 'Give the sender the very secret that webhooks of sluice.yaml name',
      });
    });

    it.each(example.proof.empty)('an empty one is refused: %j', async (value) => {
      expect(statusOf(await deliver(example, { onTheWay: (headers) => proveWith(headers, example, value) }))).toBe(401);
    });

    it('another secret is refused, and not repeated', async () => {
      const answer = await deliver(example, { secret: example.otherSecret });
      expect(statusOf(answer)).toBe(401);
      for (const secret of [example.secret, example.otherSecret]) expect(JSON.stringify(answer)).not.toContain(secret);
    });

    it.each([[[]], [['']], [['', '']]])('nothing is accepted with the secrets %j', async (secrets) => {
      expect(statusOf(await deliver(example, { secrets, secret: '' }))).toBe(401);
      expect(statusOf(await deliver(example, { secrets }))).toBe(401);
    });

    it('a part of the secret is refused', async () => {
      expect(statusOf(await deliver(example, { secret: example.secret.slice(0, -4) }))).toBe(401);
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

    it('a header that came twice with one value counts once', async () => {
      for (const comma of [', ', ',']) {
        expect(await deliver(example, { onTheWay: (headers) => proveWith(headers, example, [0, 0], comma) })).toEqual(
          accepted(example),
        );
      }
    });

    it('a right value hides among wrong ones only where the sender may send several', async () => {
      const several = example.proof.header === 'webhook-signature';
      for (const value of ['sha256=00, $', '$, sha256=00', '$,x', 'x,$']) {
        const delivery = await deliver(example, {
          onTheWay: (headers) => proveWith(headers, example, value.replace('$', headers[example.proof.header] ?? '')),
        });
        expect(statusOf(delivery)).toBe(several ? 202 : 401);
      }
    });

    it('names of headers count in any case', async () => {
      const onTheWay = (headers: Headers) =>
        lowerHeaders(Object.fromEntries(Object.entries(headers).map(([name, value]) => [capitalise(name), value])));
      expect(await deliver(example, { onTheWay })).toEqual(accepted(example));
    });

    if (example.signsBody) {
      it('a changed body is refused', async () => {
        const signed = carry(example, JSON.stringify(example.payload));
        const body = Buffer.from(signed);
        body[body.length - 3] = (body[body.length - 3] ?? 0) ^ 1;
        expect(statusOf(await deliver(example, { body, signed }))).toBe(401);
      });
    }

    if (example.signsBody) {
      it('a body written anew is refused: what is signed is bytes, not JSON', async () => {
        const signed = carry(example, JSON.stringify(example.payload, undefined, 2));
        expect(await deliver(example, { body: signed, signed })).toEqual(accepted(example));
        expect(statusOf(await deliver(example, { signed }))).toBe(401);
      });
    }

    if (example.signsBody) {
      it('bytes that decode to the signed text are refused', async () => {
        const text = carry(example, JSON.stringify({ ...example.payload, note: '#' })).toString();
        const at = text.includes('#') ? '#' : '%23';
        const signed = Buffer.from(text.replace(at, '\ufffd'));
        const [head = '', tail = ''] = text.split(at);
        const body = Buffer.concat([Buffer.from(head), Buffer.from([0xff]), Buffer.from(tail)]);
        expect(body.toString()).toBe(signed.toString());
        expect(statusOf(await deliver(example, { body: signed }))).toBe(202);
        expect(statusOf(await deliver(example, { body, signed }))).toBe(401);
      });
    }
  });

  describe('shape', () => {
    if (example.ignored) {
      it('another event is nothing to do, whatever its body', async () => {
        const headers = example.ignored ?? {};
        for (const variation of [{}, { json: '{' }, { json: 'null' }]) {
          expect(statusOf(await deliver(example, { headers, ...variation }))).toBe(204);
        }
        expect(statusOf(await deliver(example, { headers, secret: example.otherSecret }))).toBe(401);
      });
    }

    if (example.ignored) {
      it('an event that is not named, or named twice, is nothing to do', async () => {
        for (const [name = ''] of Object.entries(example.ignored ?? {})) {
          expect(statusOf(await deliver(example, { headers: { [name]: undefined } }))).toBe(204);
          const both = `${example.headers[name]}, ${example.ignored?.[name]}`;
          expect(statusOf(await deliver(example, { headers: { [name]: both } }))).toBe(204);
        }
      });
    }

    it('unknown fields do not matter', async () => {
      const payload = { ...example.payload, commits: null, '': [], sender: { login: 'x' } };
      expect(await deliver(example, { payload })).toEqual(accepted(example));
    });

    it.each(paths(example.payload))('the field %s is needed, and of its kind', async (path) => {
      const optional = example.optional?.includes(path) ?? false;
      expect(statusOf(await deliver(example, { payload: replaced(example.payload, path, undefined) }))).toBe(
        optional ? 202 : 422,
      );
      for (const value of [null, 7, [], {}]) {
        const answer = await deliver(example, { payload: replaced(example.payload, path, value) });
        if (optional && value === null) expect(answer).toEqual(accepted(example));
        else expect(answer).toEqual({ status: 422, message: expect.stringContaining(path) });
      }
    });

    it.each(['null', '[]', '"push"', '0', 'true', '{}', '[{}]'])('the body %s is of another shape', async (json) => {
      expect(statusOf(await deliver(example, { json }))).toBe(422);
    });

    it.each(['', ' ', '{', "{'ref': 1}", '{}{}', 'undefined', '\ufeff{}', '<xml/>'])(
      'the body %j is not JSON',
      async (json) => {
        expect(await deliver(example, { json })).toEqual({
          status: 400,
          message: 'Cannot read the delivery: its body is not JSON in UTF-8',
        });
      },
    );

    it('bytes that are not UTF-8 are not JSON', async () => {
      const body = Buffer.concat([carry(example, JSON.stringify(example.payload)), Buffer.from([0xff, 0xfe])]);
      expect(statusOf(await deliver(example, { body }))).toBe(400);
      expect(statusOf(await deliver(example, { body, secret: example.otherSecret }))).toBe(401);
    });

    if (example.deletion) {
      it('a deleted ref is nothing to do', async () => {
        const payload = { ...example.payload, ...example.deletion };
        expect(await deliver(example, { payload })).toEqual({
          status: 204,
          message: 'Nothing to do: the ref was deleted',
        });
      });
    }

    if (example.change.before) {
      it('a created ref has no commit before', async () => {
        const { before: _, ...change } = example.change;
        const delivery = await deliver(example, { payload: { ...example.payload, before: zeros } });
        expect(delivery).toMatchObject({ changes: [change] });
        expect(JSON.stringify(delivery)).not.toContain(zeros);
      });
    }

    it('a tag is a change of its ref', async () => {
      const delivery = await deliver(example, { payload: { ...example.payload, ref: 'refs/tags/v1' } });
      expect(delivery).toEqual({ ...accepted(example), changes: [{ ...example.change, ref: 'refs/tags/v1' }] });
    });
  });
});

function capitalise(name: string): string {
  return name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
