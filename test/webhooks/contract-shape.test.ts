import { describe, expect, it } from 'vitest';
import { carry, deliver, statusOf } from './deliver.ts';
import { accepted, examples, unreadable } from './examples/examples.ts';
import { fieldAt, paths, replaced } from './payload-fields.ts';

/** What every sender of the table reads, in each form in which it delivers. */
describe.each(Object.entries(examples))('%s', (_name, example) => {
  const notJson = unreadable(example, 400);
  const otherShape = unreadable(example, 422);

  it('a delivery becomes changes', async () => {
    expect(await deliver(example)).toEqual(accepted(example));
  });

  for (const [what, { payload, headers = {}, changes, ...id }] of Object.entries(example.also ?? {})) {
    it(`a delivery ${what} becomes ${changes.length === 0 ? 'nothing' : 'changes'}`, async () => {
      const delivery = await deliver(example, { payload, headers });
      if (changes.length > 0) expect(delivery).toEqual(accepted({ ...example, changes, ...id }));
      else {
        const message = 'Nothing to do: it names no branch, tag or image that was pushed';
        expect(delivery).toEqual({ status: 204, message });
      }
    });
  }

  if (example.ignored) {
    it('another event is nothing to do, whatever its body', async () => {
      const headers = example.ignored ?? {};
      for (const variation of [{}, { json: '{' }, { json: 'null' }]) {
        expect(statusOf(await deliver(example, { headers, ...variation }))).toBe(204);
      }
      if (example.proof) expect(statusOf(await deliver(example, { headers, secret: example.otherSecret }))).toBe(401);
    });

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

  it.each(paths(example.payload))(
    'without %s, or with null there, it is readable if the sender may leave it out',
    async (path) => {
      for (const value of [undefined, null]) {
        const delivery = await deliver(example, { payload: replaced(example.payload, path, value) });
        if (example.optional?.includes(path)) {
          expect(delivery).toMatchObject({ changes: example.changes.map(({ kind }) => ({ kind })) });
        } else if (example.deciding?.includes(path)) expect([204, otherShape]).toContain(statusOf(delivery));
        else expect(delivery).toMatchObject({ status: otherShape, message: expect.stringContaining(path) });
      }
    },
  );

  it.each(paths(example.payload))('with %s of another kind it is of another shape', async (path) => {
    const kind = kindOf(fieldAt(example.payload, path));
    for (const value of ['text', 7, [], {}].filter((other) => kindOf(other) !== kind)) {
      const answer = await deliver(example, { payload: replaced(example.payload, path, value) });
      if (example.deciding?.includes(path)) expect([204, otherShape]).toContain(statusOf(answer));
      else
        expect(answer).toMatchObject({
          status: otherShape,
          message: expect.stringMatching(/^Cannot read the delivery: /),
        });
    }
  });

  it.each(['null', '[]', '"push"', '0', 'true', '{}', '[{}]'])('the body %s is of another shape', async (json) => {
    expect([otherShape, ...(example.deciding ? [204] : [])]).toContain(statusOf(await deliver(example, { json })));
  });

  it.each(['', ' ', '{', "{'ref': 1}", '{}{}', 'undefined', '\ufeff{}', '<xml/>'])(
    'the body %j is not JSON',
    async (json) => {
      expect(await deliver(example, { json })).toEqual({
        status: notJson,
        message: 'Cannot read the delivery: its body is not JSON in UTF-8',
      });
    },
  );

  it('bytes that are not UTF-8 are not JSON', async () => {
    const body = Buffer.concat([carry(example, JSON.stringify(example.payload)), Buffer.from([0xff, 0xfe])]);
    expect(statusOf(await deliver(example, { body }))).toBe(example.signsJson ? 401 : notJson);
    if (example.proof) expect(statusOf(await deliver(example, { body, secret: example.otherSecret }))).toBe(401);
  });
});

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}
