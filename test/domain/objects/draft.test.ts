import { expect, it } from 'vitest';
import { at } from '../../../lib/domain/objects/draft.ts';

const object = { list: [{ a: 1 }, 'x'], map: { first: { a: 2 }, second: { a: 3 } }, text: 'x', empty: null };

it.each([
  [[], [object]],
  [['map', 'first'], [{ a: 2 }]],
  [['list', '*'], [{ a: 1 }]],
  [
    ['map', '*'],
    [{ a: 2 }, { a: 3 }],
  ],
  [['text', '*'], []],
  [['text', 'a'], []],
  [['absent', 'a'], []],
  [['empty'], []],
])('at %j finds %j', (path, found) => {
  expect(at(object, path)).toEqual(found);
});
