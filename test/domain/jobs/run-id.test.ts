import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { runIdOf, startOfRunIds, timeOfRunId } from '../../../lib/domain/jobs/run-id.ts';

const time = fc.integer({ min: 0, max: 36 ** 9 - 1 });
const facts = fc.array(fc.string(), { maxLength: 4 });

it('ids sort by time, whatever they are made of', async () => {
  await fc.assert(
    fc.property(time, time, facts, facts, (a, b, ofA, ofB) => {
      fc.pre(a < b);
      expect(runIdOf(a, ofA) < runIdOf(b, ofB)).toBe(true);
      expect(startOfRunIds(b) < runIdOf(b, ofB) && runIdOf(a, ofA) < startOfRunIds(b)).toBe(true);
    }),
  );
});

it('an id tells its time', async () => {
  await fc.assert(
    fc.property(time, facts, (at, of) => {
      expect(timeOfRunId(runIdOf(at, of))).toBe(at);
    }),
  );
});

it('the same facts at the same time are the same id, others are another', () => {
  expect(runIdOf(1_740_823_200_000, ['d1', 'main', 'shop'])).toBe(runIdOf(1_740_823_200_000, ['d1', 'main', 'shop']));
  expect(runIdOf(1_740_823_200_000, ['d1', 'main', 'shop'])).toMatch(/^0m7q16ps0[0-9a-f]{16}$/);
  expect(runIdOf(1, ['a', 'b'])).not.toBe(runIdOf(1, ['ab']));
  expect(runIdOf(1, ['a'])).not.toBe(runIdOf(2, ['a']));
});

it.each(['', 'x', '0m7q16ps0', '0m7q16ps0bd1ff7e2e9c41d0G', '0m7q16ps0bd1ff7e2e9c41d033', '../m7q16ps0bd1ff7e2e9c41d'])(
  '"%s" is no id of a run',
  (id) => {
    expect(timeOfRunId(id)).toBeUndefined();
  },
);
