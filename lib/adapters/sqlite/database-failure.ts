import { dirname } from 'node:path';

import { Failure } from '../../domain/failure.ts';

/** Primary result codes of https://www.sqlite.org/rescode.html. */
const permission = 3;
const busy = 5;
const readOnly = 8;
const inputOutput = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

/** What SQLite, or a flush of its file, threw while the database was in use, as a `server` Failure; anything else as it is. */
export function databaseFailure(error: unknown, path: string): unknown {
  const code = resultCode(error);
  if (code === undefined && !isFileError(error)) return error;
  if (code === full || (error as NodeJS.ErrnoException).code === 'ENOSPC') {
    return new Failure('server', `Cannot write "${path}": the disk is full`, {
      help: `Free space in ${dirname(path)}; what was recorded before is safe, what was refused is tried again`,
      cause: error,
    });
  }
  if (code === corrupt || code === notADatabase) {
    return new Failure('server', `Cannot read "${path}": the file is damaged (${text(error)})`, {
      help: 'Stop serve, move the file away and start again: targets are synced anew from git, only the history of runs is lost',
      cause: error,
    });
  }
  const state = code === inputOutput || code === undefined ? `the disk reports an error (${text(error)})` : text(error);
  return new Failure('server', `Cannot use "${path}": ${state}`, { cause: error });
}

/** What was thrown while the database was opened. */
export function openFailure(error: unknown, path: string): unknown {
  const code = resultCode(error);
  if (code === busy) {
    return new Failure('user', `Cannot open "${path}": another process has it`, {
      help: 'One serve owns a data directory: stop the other one, or give this one its own --data',
      cause: error,
    });
  }
  if (code === permission || code === readOnly || code === cannotOpen || isFileError(error)) {
    return new Failure('user', `Cannot open "${path}": ${text(error)}`, {
      help: 'Give --data a directory that this account can write',
      cause: error,
    });
  }
  return databaseFailure(error, path);
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
