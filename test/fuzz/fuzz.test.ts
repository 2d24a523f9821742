import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';
import { type ReaderName, readers } from './subjects.ts';

const seed = 20_261_126;
const runs = 500;

it.each(Object.keys(readers) as ReaderName[])(
  '%s: nothing that arrives breaks it or keeps it',
  { timeout: 120_000 },
  async (name) => {
    const { inputs, outcomes, broken } = await fuzz(name, { runs, seed });
    expect(broken).toBeUndefined();
    expect(inputs).toBe(runs);
    // What is refused at the door says nothing of what is behind it.
    expect(outcomes.size, [...outcomes.keys()].join(', ')).toBeGreaterThan(1);
  },
);
