import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Directory extends Disposable {
  readonly path: string;
}

/** An empty directory for one test. */
export function createDirectory(): Directory {
  const path = mkdtempSync(join(tmpdir(), 'sluice-sqlite-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
