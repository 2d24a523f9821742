import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { batchesOf, wavesOf } from '../../../lib/adapters/aws/sqs-batches.ts';

const entries = fc
  .array(
    fc.record({ group: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }), size: fc.nat(200 * 1024) }),
    {
      maxLength: 40,
    },
  )
  .map((messages) =>
    messages.map(({ group, size }, index) => ({
      Id: String(index),
      MessageBody: 'x'.repeat(size),
      ...(group === undefined ? {} : { MessageGroupId: group }),
    })),
  );

describe('wavesOf', () => {
  it('keeps every entry, one of a group in a wave, each group in its order', () =>
    fc.assert(
      fc.property(entries, (all) => {
        const waves = wavesOf(all);
        expect(waves.flat().toSorted((a, b) => Number(a.Id) - Number(b.Id))).toEqual(all);
        for (const group of ['a', 'b', 'c']) {
          const ofGroup = waves.map((wave) => wave.filter((entry) => entry.MessageGroupId === group));
          expect(ofGroup.every((found) => found.length <= 1)).toBe(true);
          expect(ofGroup.flat()).toEqual(all.filter((entry) => entry.MessageGroupId === group));
        }
      }),
    ));

  it('puts entries without a group into the first wave', () => {
    const all = [1, 2, 3].map((id) => ({ Id: String(id), MessageBody: '1' }));
    expect(wavesOf(all)).toEqual([all]);
  });
});

describe('batchesOf', () => {
  it('keeps every entry in order, ten and 256 KB in a batch at most', () =>
    fc.assert(
      fc.property(entries, (all) => {
        const batches = batchesOf(all);
        expect(batches.flat()).toEqual(all);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(10);
          const bytes = batch.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody ?? ''), 0);
          expect(bytes).toBeLessThanOrEqual(256 * 1024);
        }
      }),
    ));

  it('fills a batch before it begins the next', () => {
    const all = Array.from({ length: 25 }, (_, id) => ({ Id: String(id), MessageBody: '1' }));
    expect(batchesOf(all).map((batch) => batch.length)).toEqual([10, 10, 5]);
  });
});
