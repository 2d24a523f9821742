/** Who has to act: `user` (what was given is wrong), `missing` (what is named does not exist or is not allowed), `server` (ours, or a part that did not answer). */
export type Fault = 'user' | 'missing' | 'server';

export interface FailureOptions {
  /** What to do next, a sentence for people. */
  readonly help?: string;
  /** The `reason` of a Kubernetes Status (`Conflict`, `Forbidden`, …) or another word that code branches on. */
  readonly code?: string;
  readonly cause?: unknown;
}

/**
 * The one error class. `fault` decides the HTTP status (422, 404, 500), whether a job is tried again (only `server`), and the exit code (1, 1, 2).
 * Messages name what was done, with what, and the state that was found; no secrets, no final period.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly fault: Fault;
  readonly help: string | undefined;
  readonly code: string | undefined;

  constructor(fault: Fault, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.fault = fault;
    this.help = options.help;
    this.code = options.code;
  }
}

/**
 * What a Failure found, for a message that says itself what was done: of `Cannot apply "x": too large`, asked about `apply`, `too large`.
 * A Failure of anything else keeps its sentence.
 */
export function stateOf({ message }: Failure, done: string): string {
  const about = new RegExp(`^Cannot ${done} "[^"]*"(?: at "[^"]*")?: `);
  return message.replace(about, '').replace(/^Cannot /, 'cannot ');
}

/** The same Failure with other words on what to do next. */
export function withHelp({ fault, message, code, cause }: Failure, help: string): Failure {
  return new Failure(fault, message, {
    help,
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause }),
  });
}

/** The `Failure` that `error` is, or a `server` Failure around it. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('server', message, { cause: error });
}
