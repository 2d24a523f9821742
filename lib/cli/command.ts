import type { Environment } from '../config.ts';
import type { Terminal } from './terminal.ts';

/** A flag of a command. One without `value` is a switch. */
export interface Flag {
  /** The word for its value in the help: `URL`. */
  readonly value?: string;
  readonly short?: string;
  readonly help: string;
}

export interface Command {
  /** What the overall help says: a few words, no final period. */
  readonly summary: string;
  /** What follows the name: `TARGET [flags]`. */
  readonly usage: string;
  /** What it does, in a sentence or two. */
  readonly description: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** How many arguments it takes. */
  readonly arguments: { readonly least: number; readonly most: number };
  /** Command lines that work when pasted. */
  readonly examples: readonly string[];
  /** The exit code of every error; else a `server` Failure is 2 and others 1 (DESIGN §5.3). */
  readonly errorCode?: number;
  /** The exit code. Throws a Failure. */
  run(call: Call): Promise<number>;
}

/** One call of a command, its command line parsed. */
export interface Call {
  readonly arguments: readonly string[];
  /** The value of a flag, undefined if it was not given; of a switch the empty text. */
  flag(name: string): string | undefined;
  has(name: string): boolean;
  /** `-o json` was asked for. */
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly environment: Environment;
  /** Epoch milliseconds. */
  now(): number;
}

/** Flags of every command that asks a server. */
export const serverFlags = {
  url: { value: 'URL', help: 'the server; else SLUICE_URL, else http://127.0.0.1:8080' },
  token: { value: 'TOKEN', help: 'its token; better in SLUICE_TOKEN, where no other account sees it' },
} as const satisfies Record<string, Flag>;

export const outputFlag = {
  output: { value: 'json', short: 'o', help: 'print JSON for programs instead of text for people' },
} as const satisfies Record<string, Flag>;
