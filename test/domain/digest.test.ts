import fc from 'fast-check';
import { expect, it } from 'vitest';
import { digestOf, sha256Hex } from '../../lib/domain/digest.ts';

it('sha256Hex is that of the standard', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

it('digestOf does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(digestOf(turned)).toBe(digestOf(value));
    }),
  );
});

it('digestOf takes what JSON has no word for as null', () => {
  expect(digestOf([undefined])).toBe(digestOf([null]));
});

it('digestOf differs where a value, a key or the order of a list differs', () => {
  const digests = [{ a: [1, 2] }, { a: [2, 1] }, { b: [1, 2] }, { a: ['1', 2] }, { a: null }, {}, []].map(digestOf);
  expect(new Set(digests).size).toBe(digests.length);
  expect(digestOf({ a: undefined })).toBe(digestOf({}));
});
