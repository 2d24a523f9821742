import { expect, it } from 'vitest';
import { nameInHelp } from '../../../lib/domain/jobs/name-in-help.ts';

it.each([
  [
    '"sluice validate --rbac TARGET" prints it. "sluice runs RUN" shows each',
    '"sluice validate --rbac shop" prints it. "sluice runs r1" shows each',
  ],
  ['Set TARGET in "make RUN"; "sluice runs" lists them', 'Set TARGET in "make RUN"; "sluice runs" lists them'],
  ['"sluice plan TARGETS"', '"sluice plan TARGETS"'],
])('%s', (help, named) => {
  expect(nameInHelp(help, { target: 'shop', run: 'r1' })).toBe(named);
});
