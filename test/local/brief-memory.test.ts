import { expect, it } from 'vitest';
import { createBriefMemory } from '../../lib/local/brief-memory.ts';

const ref = { file: 'secret' };
const other = { file: 'secret' };

/** A secret that is another at each reading, and a clock. */
function world() {
  let readings = 0;
  let now = 0;
  let failing = false;
  const readSecret = createBriefMemory(
    async () => {
      readings++;
      if (failing) throw new Error(`reading ${readings} failed`);
      return `value ${readings}`;
    },
    () => now,
  );
  return {
    readSecret,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    fail: (does: boolean) => {
      failing = does;
    },
  };
}

it('a secret is read once a second, however often it is asked for', async () => {
  const { readSecret, pass } = world();
  expect(await Promise.all([readSecret(ref), readSecret(ref)])).toEqual(['value 1', 'value 1']);
  pass(999);
  expect(await readSecret(ref)).toBe('value 1');
  pass(1);
  expect(await readSecret(ref)).toBe('value 2');
});

it('another reference is another secret', async () => {
  const { readSecret } = world();
  expect(await readSecret(ref)).toBe('value 1');
  expect(await readSecret(other)).toBe('value 2');
});

it('one that cannot be read is read again at once', async () => {
  const { readSecret, fail } = world();
  fail(true);
  await expect(readSecret(ref)).rejects.toThrow('reading 1 failed');
  fail(false);
  expect(await readSecret(ref)).toBe('value 2');
});
