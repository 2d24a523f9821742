import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mayTake } from '../../../lib/domain/images/may-take.ts';
import { parseTagFilter } from '../../../lib/domain/images/tag-filter.ts';

const filters = ['glob:*', 'glob:v1.*', 'glob:latest', 'semver:~1', 'semver:no range', 'semver:>=1.0.0-0'];

it('says of globs and versions what the filter says, and yes to all else', () => {
  const tags = fc.oneof(fc.constantFrom('latest', 'LATEST', 'v1.2.3', '1.0', '2.0.0', '1.0.0-rc.1', 'x'), fc.string());
  fc.assert(
    fc.property(fc.constantFrom(...filters), tags, (filter, tag) => {
      expect(mayTake(filter, tag)).toBe(parseTagFilter(filter).takes(tag));
    }),
  );
  expect(mayTake('regexp:^a', 'b')).toBe(true);
});
