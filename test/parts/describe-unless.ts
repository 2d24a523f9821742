import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { testEnvironment } from './run.ts';

/** A suite that needs something of the machine: skipped, in print, where it is `missing`; with CI=true that is a failure. */
export function describeUnless(missing: string | undefined, name: string, suite: () => void): void {
  if (missing === undefined) describe(name, suite);
  else if (process.env.CI === 'true') throw new Error(`${name}: ${missing}, and with CI=true a skip is a failure`);
  else describe.skip(`${name} (${missing})`, () => undefined);
}

/** What to say if one of the programs is not here. */
export function missingProgram(...programs: readonly string[]): string | undefined {
  const folders = testEnvironment.PATH?.split(':') ?? [];
  const missing = programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  return missing.length === 0 ? undefined : `there is no ${missing.join(', ')}`;
}
