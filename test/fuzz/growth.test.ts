import { describe, expect, it } from 'vitest';
import { measureGrowth } from './growth.ts';
import { openSubject, type ReaderName, readers } from './subjects.ts';

/** Twice the size may take a little more than twice the time, and far from four times. */
const mostExponent = 1.6;

describe.each(Object.keys(readers) as ReaderName[])('%s', (name) => {
  it('takes time in proportion to what arrives, whatever its shape', { timeout: 240_000 }, async () => {
    await using subject = await openSubject(name);
    const slow: string[] = [];
    for (const [title, shape] of Object.entries(subject.shapes)) {
      const { exponent, milliseconds, size } = await measureGrowth(subject, shape).catch((error: unknown) => {
        throw new Error(`${title} breaks it: ${error}`, { cause: error });
      });
      if (exponent > mostExponent) slow.push(`${title}: size^${exponent.toFixed(2)}, ${milliseconds} ms for ${size}`);
    }
    expect(slow).toEqual([]);
  });
});
