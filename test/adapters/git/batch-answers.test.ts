import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBatchAnswers, type FoundObject, type Question } from '../../../lib/adapters/git/batch-answers.ts';
import { cpuMilliseconds } from '../../cpu.ts';

/** A question, and what it was resolved with. */
function ask(command: Question['command'], ids: readonly string[]) {
  const asked: { found?: ReadonlyMap<string, FoundObject>; question: Question } = {
    question: {
      command,
      ids,
      resolve: (found) => {
        asked.found = found;
      },
      reject: () => undefined,
    },
  };
  return asked;
}

it('answers come in any pieces, with contents that look like answers, and what is missing is absent', async () => {
  const object = fc.record({
    id: fc.stringMatching(/^[0-9a-f]{40}$/),
    contents: fc.oneof(fc.uint8Array(), fc.constant(Buffer.from('0 blob 3\n\n missing\n'))),
    isHere: fc.boolean(),
  });
  const request = fc.record({
    command: fc.constantFrom('info' as const, 'contents' as const),
    objects: fc.uniqueArray(object, { minLength: 1, maxLength: 5, selector: ({ id }) => id }),
  });
  await fc.assert(
    fc.property(fc.array(request, { maxLength: 5 }), fc.array(fc.nat(200)), (requests, cuts) => {
      const asked = requests.map(({ command, objects }) =>
        ask(
          command,
          objects.map(({ id }) => id),
        ),
      );
      const output = requests.flatMap(({ command, objects }) =>
        objects.flatMap(({ id, contents, isHere }) => {
          if (!isHere) return [Buffer.from(`${id} missing\n`)];
          const head = Buffer.from(`${id} blob ${contents.length}\n`);
          return command === 'info' ? [head] : [head, Buffer.from(contents), Buffer.from('\n')];
        }),
      );
      const read = createBatchAnswers(asked.map(({ question }) => question));
      let rest = Buffer.concat(output);
      for (const cut of cuts) {
        read(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      read(rest);
      for (const [index, { command, objects }] of requests.entries()) {
        const here = objects.filter(({ isHere }) => isHere);
        const expected = here.map(({ id, contents }) => [
          id,
          { type: 'blob', size: contents.length, ...(command === 'contents' && { contents: Buffer.from(contents) }) },
        ]);
        expect([...(asked[index]?.found ?? [])]).toEqual(expected);
      }
    }),
  );
});

it('a large answer is put together once, not with each of its pieces', () => {
  const size = 64 * 1024 * 1024;
  const asked = ask('contents', ['a']);
  const read = createBatchAnswers([asked.question]);
  read(Buffer.from(`a blob ${size}\n`));
  const piece = Buffer.alloc(64 * 1024, 'x');
  const begin = cpuMilliseconds();
  for (let sent = 0; sent < size; sent += piece.length) read(piece);
  read(Buffer.from('\n'));
  expect(asked.found?.get('a')?.contents?.length).toBe(size);
  // Put together with each piece it would be 32 GB that are copied.
  expect(cpuMilliseconds() - begin).toBeLessThan(3000);
});
