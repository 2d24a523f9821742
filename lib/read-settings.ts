import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { Failure } from './domain/failure.ts';
import type { CheckOptions } from './domain/settings/check-settings.ts';
import type { Settings } from './domain/settings/settings.ts';
import { settingsOf } from './settings-document.ts';
import { parseSettings } from './settings-text.ts';

const maxBytes = 1024 * 1024;

/**
 * The settings of the `sluice.yaml` at `path`, checked and with defaults (DESIGN §5.1). Throws a Failure: `missing` if there is no such file,
 * `user` if it is wrong, its message listing every problem on a line of its own.
 */
export function readSettings(path: string, options: CheckOptions): Settings {
  return settingsOf(readDocument(path), path, options);
}

/** The parsed document of the `sluice.yaml` at `path`, which may still say anything. Throws as `readSettings` does. */
export function readDocument(path: string): unknown {
  return parseSettings(readBounded(path), path);
}

function readBounded(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Failure('missing', `Cannot read "${path}": ${absent ? 'no such file' : (cause as Error).message}`, {
      help: 'Name the settings file, or run where sluice.yaml is',
      cause,
    });
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw new Failure('user', `Cannot read "${path}": it is not a file`);
    if (status.size > maxBytes) {
      throw new Failure('user', `Cannot read "${path}": ${status.size} bytes, more than ${maxBytes}`);
    }
    const bytes = readFileSync(file);
    if (!isUtf8(bytes)) throw new Failure('user', `Cannot read "${path}": it is not UTF-8 text`);
    return bytes.toString('utf8');
  } finally {
    closeSync(file);
  }
}
