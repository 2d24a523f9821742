import { expect, it } from 'vitest';
import { deliveryIdIn, lowerHeaders, singleValue } from '../../lib/webhooks/headers.ts';

it('names become lower case, and what came several times one value', () => {
  expect(lowerHeaders({ 'X-A': 'one', 'x-a': 'two', 'X-B': ['three', 'four'], 'X-C': undefined, 'X-D': '' })).toEqual({
    'x-a': 'one, two',
    'x-b': 'three, four',
    'x-d': '',
  });
});

it('a header named as a property of every object is a header', () => {
  const headers = lowerHeaders(JSON.parse('{"__proto__":"x","CONSTRUCTOR":"y"}'));
  expect(Object.entries(headers)).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});

it.each([
  ['push', 'push'],
  [' push ', 'push'],
  ['push, push', 'push'],
  ['push,push', 'push'],
  ['push, ping', undefined],
  ['push,', undefined],
  ['', undefined],
  [',', undefined],
])('of %j the single value is %j', (value, expected) => {
  expect(singleValue({ name: value }, 'name')).toBe(expected);
  expect(singleValue({}, 'name')).toBeUndefined();
});

it.each([
  ['ee8d97b4-1479-43f1-9cac-fbbd1b80da55', true],
  ['x'.repeat(128), true],
  ['x'.repeat(129), false],
  ['', false],
  ['a b', false],
  ['a\u0000', false],
  ['ä', false],
  ['one, two', false],
])('%j can name a delivery: %j', (value, expected) => {
  expect(deliveryIdIn({ id: value }, 'id')).toBe(expected ? value : undefined);
});
