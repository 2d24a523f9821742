import { describe, expect, it } from 'vitest';
import { isSteep, measureGrowth } from './growth.ts';
import { openSubject, type ReaderName, readers } from './subjects.ts';

describe.each(Object.keys(readers) as ReaderName[])('%s', (name) => {
  it('takes time in proportion to what arrives, whatever its shape', { timeout: 240_000 }, async () => {
    await using subject = await openSubject(name);
    const slow: string[] = [];
    for (const [title, shape] of Object.entries(subject.shapes)) {
      const growth = await measureGrowth(subject, shape).catch((error: unknown) => {
        throw new Error(`${title} breaks it: ${error}`, { cause: error });
      });
      const { exponent, milliseconds, size } = growth;
      if (isSteep(growth))
        slow.push(`${title}: size^${exponent.toFixed(2)}, ${Math.round(milliseconds)} ms for ${size}`);
    }
    expect(slow).toEqual([]);
  });
});
