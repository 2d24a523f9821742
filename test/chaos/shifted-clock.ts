import { closeSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The clock of a child process, which is set while it runs (children/clock.ts). */
export interface ShiftedClock extends Disposable {
  /** What the child needs to live by it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it shows now, epoch milliseconds. */
  now(): number;
  /** Sets it forward, or back, by so many seconds. */
  shift(seconds: number): void;
}

/** Starting again takes a third of the time (https://nodejs.org/api/module.html#module-compile-cache). */
const compiled = join(tmpdir(), 'sluice-test-home', 'compiled');

export function createShiftedClock(path: string): ShiftedClock {
  const file = openSync(path, 'w', 0o600);
  const milliseconds = new Float64Array(1);
  const preload = pathToFileURL(join(import.meta.dirname, 'children/clock.ts')).href;
  writeSync(file, milliseconds, 0, 8, 0);
  return {
    environment: { CHAOS_CLOCK: path, NODE_OPTIONS: `--import=${preload}`, NODE_COMPILE_CACHE: compiled },
    now: () => Date.now() + (milliseconds[0] ?? 0),
    shift(seconds) {
      milliseconds[0] = (milliseconds[0] ?? 0) + seconds * 1000;
      writeSync(file, milliseconds, 0, 8, 0);
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}
