import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** One case of a file of reference data: what goes in, and what has to come out. Its file says what the kinds mean. */
export interface SharedCase<Input, Expect> {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly input: Input;
  readonly expect: Expect;
}

export type SharedCases = <Input, Expect>(kind: string) => [string, SharedCase<Input, Expect>][];

/** The cases of `cases/<file>.json` by kind, each with its title; a kind without cases fails. */
export function sharedCases(directory: string, file: string): SharedCases {
  const { cases } = JSON.parse(readFileSync(join(directory, `cases/${file}.json`), 'utf8'));
  return function rows<Input, Expect>(kind: string) {
    const found = (cases as SharedCase<Input, Expect>[]).filter((row) => row.kind === kind);
    expect(found.length).toBeGreaterThan(0);
    return found.map((row): [string, SharedCase<Input, Expect>] => [`${row.id} ${kind}: ${row.name}`, row]);
  };
}
