import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ReadSecret } from '../app/ports.ts';
import { Failure } from '../domain/failure.ts';
import { describeSecret } from '../domain/settings/describe-secret.ts';
import type { SecretRef } from '../domain/settings/secret-ref.ts';
import type { Log } from '../log.ts';

export interface SecretPlaces {
  /** Where `{ env }` is looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the path of a `{ file }` is relative to: the directory of sluice.yaml. */
  readonly directory: string;
  /** Told once about each file that every account of the machine may read. */
  readonly log?: Log;
}

const maxBytes = 1024 * 1024;

/**
 * Reads `{ file }` and `{ env }` secrets anew each time, so that a rotated one counts at once. A file loses one line break at its end (what needs
 * it, as an OpenSSH key does, adds it again). Throws a Failure that names the reference, never a value; an empty value is a Failure too,
 * because an empty secret would verify what nobody signed.
 */
export function createReadSecret(places: SecretPlaces): ReadSecret {
  const told = new Set<string>();

  async function readFile(path: string): Promise<string> {
    const where = describeSecret({ file: path });
    try {
      // Not blocking: a named pipe without a writer would hold the caller for ever.
      await using file = await open(resolve(places.directory, path), constants.O_RDONLY | constants.O_NONBLOCK);
      const status = await file.stat();
      if (!status.isFile()) throw refuse(where, 'it is not a file');
      if (status.size > maxBytes) throw refuse(where, `more than ${maxBytes} bytes`);
      if ((status.mode & 0o004) !== 0 && !told.has(path)) {
        told.add(path);
        places.log?.warn('A secret file can be read by every account', { file: path });
      }
      return (await file.readFile('utf8')).replace(/\r?\n$/, '');
    } catch (error) {
      if (error instanceof Failure) throw error;
      const code = (error as NodeJS.ErrnoException).code;
      throw refuse(where, code === 'ENOENT' ? 'no such file' : `the system answers ${code ?? 'nothing'}`);
    }
  }

  async function readSecret(ref: SecretRef): Promise<string> {
    const where = describeSecret(ref);
    if ('aws' in ref || 'ssm' in ref) throw refuseAws(where);
    const value = 'file' in ref ? await readFile(ref.file) : places.environment[ref.env];
    if (value === undefined) throw refuse(where, 'no such variable');
    if (value.trim() === '') throw refuse(where, 'it is empty');
    return value;
  }
  return readSecret;
}

function refuse(where: string, found: string): Failure {
  return new Failure('missing', `Cannot read the secret "${where}": ${found}`, {
    code: 'SecretMissing',
    help: 'Set it where sluice runs, or correct its reference in sluice.yaml',
  });
}

function refuseAws(where: string): Failure {
  return new Failure('user', `Cannot read the secret "${where}": only the functions in AWS read it`, {
    code: 'SecretElsewhere',
    help: 'Use { file: path } or { env: NAME } for a local run',
  });
}
