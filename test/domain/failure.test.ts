import { expect, it } from 'vitest';
import { asFailure, Failure, stateOf, withHelp } from '../../lib/domain/failure.ts';

it.each([
  ['Cannot apply "a:configmap/b": too large', 'too large'],
  ['Cannot apply "a:configmap/b" at "https://c:6443": no answer in time', 'no answer in time'],
  [
    'Cannot reach the cluster at "https://c:6443": nothing listens there',
    'cannot reach the cluster at "https://c:6443": nothing listens there',
  ],
  ['Cannot apply "a": Cannot apply "b": c', 'cannot apply "b": c'],
  ['out of memory', 'out of memory'],
])('the state of %j, of an apply, is %j', (message, state) => {
  expect(stateOf(new Failure('user', message), 'apply')).toBe(state);
});

it('other help leaves the rest of a Failure as it is', () => {
  const cause = new Error('why');
  const failure = withHelp(new Failure('missing', 'Cannot x', { code: 'NotFound', help: 'before', cause }), 'after');
  expect(failure).toMatchObject({ fault: 'missing', message: 'Cannot x', code: 'NotFound', help: 'after', cause });
  expect(Object.keys(withHelp(new Failure('user', 'Cannot x'), 'y'))).not.toContain('cause');
});

it('what is thrown otherwise is our fault', () => {
  const failure = new Failure('user', 'Cannot x');
  expect(asFailure(failure)).toBe(failure);
  expect(asFailure(new TypeError('y'))).toMatchObject({ fault: 'server', message: 'y' });
  expect(asFailure('z')).toMatchObject({ fault: 'server', message: 'z' });
});
