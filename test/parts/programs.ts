import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { testEnvironment } from './run.ts';

/** A suite that needs programs of the machine: skipped, in print, where one is missing; with CI=true its absence is a failure. */
export function describePrograms(programs: readonly string[], name: string, suite: () => void): void {
  const missing = programs.filter((program) => !isHere(program)).join(', ');
  if (missing === '') describe(name, suite);
  else if (process.env.CI === 'true')
    throw new Error(`${name}: ${missing} is not here, and with CI=true a skip is a failure`);
  else describe.skip(`${name} (needs ${missing})`, () => undefined);
}

function isHere(program: string): boolean {
  const folders = testEnvironment.PATH?.split(':') ?? [];
  return folders.some((folder) => existsSync(join(folder, program)));
}
