import { expect, it } from 'vitest';
import { databaseFailure } from '../../../lib/adapters/sqlite/database-failure.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: fsync`), { code, syscall: 'fsync' });
}

it.each([
  ['a flush that finds the disk full', systemError('ENOSPC'), 'Cannot write "/d/sluice.db": the disk is full'],
  ['a flush that fails', systemError('EIO'), 'Cannot use "/d/sluice.db": the disk reports an error (EIO: fsync)'],
])('%s is ours, and named', (_, error, message) => {
  expect(databaseFailure(error, '/d/sluice.db')).toMatchObject({ name: 'Failure', fault: 'server', message });
});

it('what has nothing to do with the database stays what it is', () => {
  const error = new TypeError('a slip');
  expect(databaseFailure(error, '/d/sluice.db')).toBe(error);
});
