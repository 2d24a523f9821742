export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one JSON line: a static message, and data beside it. Headers, bodies, kubeconfigs, tokens and unguessable ids are never data. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds `fields` (target, revision, run) to each line. */
  child(fields: LogFields): Log;
}

/** `write` takes one line without its line break. */
export function createLog(write: (line: string) => void, fields: LogFields = {}): Log {
  function line(level: LogLevel, message: string, more: LogFields = {}): void {
    write(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields, ...more }));
  }
  return {
    info: (message, more) => line('info', message, more),
    warn: (message, more) => line('warn', message, more),
    error: (message, more) => line('error', message, more),
    child: (more) => createLog(write, { ...fields, ...more }),
  };
}
