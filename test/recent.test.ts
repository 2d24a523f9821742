import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRecent } from '../lib/recent.ts';

it('forgets what was used longest ago once the sizes together are more than the capacity', () => {
  const recent = createRecent<string>(10);
  recent.set('a', 'A', 4);
  recent.set('b', 'B', 4);
  recent.get('a');
  recent.set('c', 'C', 4);
  expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual(['A', undefined, 'C']);
});

it('counts a value that was set anew once, and remembers none that is larger than the capacity', () => {
  const recent = createRecent<number>(10);
  for (let index = 0; index < 5; index++) recent.set('same', index, 6);
  recent.set('other', 0, 4);
  expect([recent.get('same'), recent.get('other')]).toEqual([4, 0]);
  recent.set('large', 1, 11);
  expect(['same', 'other', 'large'].map((key) => recent.get(key))).toEqual([undefined, undefined, undefined]);
});

it('gives what was set last, or nothing, and holds at most the capacity', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), size: fc.nat(12), value: fc.nat() });
  void fc.assert(
    fc.property(fc.array(step), (steps) => {
      const recent = createRecent<number>(10);
      const last = new Map<string, { readonly size: number; readonly value: number }>();
      for (const { key, size, value } of steps) {
        recent.set(key, value, size);
        last.set(key, { size, value });
        const held = [...last].filter(([each]) => recent.get(each) !== undefined);
        for (const [each, { value: expected }] of held) expect(recent.get(each)).toBe(expected);
        expect(held.reduce((sum, [, entry]) => sum + entry.size, 0)).toBeLessThanOrEqual(10);
      }
    }),
  );
});
