import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';

const directory = join(import.meta.dirname, '../../shared');

/** Reference data and a real API server beside the project; users do not have it. */
const sharedDirectory: string | undefined = existsSync(directory) ? directory : undefined;

/** A suite that needs the shared data: skipped, in print, outside; with CI=true its absence is a failure. */
export function describeShared(name: string, suite: (directory: string) => void): void {
  if (sharedDirectory !== undefined) describe(name, () => suite(directory));
  else if (process.env.CI === 'true')
    throw new Error(`${name}: ../shared is not here, and with CI=true a skip is a failure`);
  else describe.skip(`${name} (needs ../shared)`, () => undefined);
}
