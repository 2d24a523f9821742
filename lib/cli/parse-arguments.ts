import { parseArgs } from 'node:util';
import { Failure } from '../domain/failure.ts';
import { nearest } from '../domain/settings/nearest.ts';
import type { Command, Flag } from './command.ts';

export interface ParsedArguments {
  readonly arguments: readonly string[];
  readonly flags: ReadonlyMap<string, string>;
  /** `--help` or `-h` was given: nothing else is checked. */
  readonly help: boolean;
}

/** The command line of `command` without its name. Throws a `user` Failure that names the flag, and the nearest one if it is unknown. */
export function parseArguments(name: string, command: Command, args: readonly string[]): ParsedArguments {
  const known: Readonly<Record<string, Flag>> = { ...command.flags, help: { short: 'h', help: '' } };
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.entries(known).map(([flag, { value, short }]) => [flag, option(value, short)])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const help = `Run "sluice help ${name}"`;
  const positionals: string[] = [];
  const flags = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (flag === undefined) {
      const meant = nearest(token.name, Object.keys(known));
      const hint = meant === undefined ? '' : `; did you mean --${meant}?`;
      throw new Failure('user', `Cannot run "sluice ${name}": unknown flag ${token.rawName}${hint}`, { help });
    }
    if (flag.value === undefined && token.value !== undefined) {
      throw new Failure('user', `Cannot run "sluice ${name}": ${token.rawName} takes no value`, { help });
    }
    if (flag.value !== undefined && (token.value === undefined || (!token.inlineValue && /^-./.test(token.value)))) {
      throw new Failure('user', `Cannot run "sluice ${name}": ${token.rawName} needs a value, ${flag.value}`, { help });
    }
    flags.set(token.name, token.value ?? '');
  }
  if (flags.has('help')) return { arguments: [], flags, help: true };
  checkCount(name, command, positionals, help);
  return { arguments: positionals, flags, help: false };
}

function option(value: string | undefined, short: string | undefined) {
  const type: 'string' | 'boolean' = value === undefined ? 'boolean' : 'string';
  return short === undefined ? { type } : { type, short };
}

function checkCount(name: string, command: Command, positionals: readonly string[], help: string): void {
  const { least, most } = command.arguments;
  if (positionals.length < least) {
    throw new Failure(
      'user',
      `Cannot run "sluice ${name}": ${command.usage.split(' ')[positionals.length]} is missing`,
      {
        help,
      },
    );
  }
  const extra = positionals[most];
  if (extra !== undefined)
    throw new Failure('user', `Cannot run "sluice ${name}": "${extra}" is one too many`, { help });
}
