import type { Environment } from '../config.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import { nearest } from '../domain/settings/nearest.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { printCommandHelp, printHelp } from './help.ts';
import { parseArguments } from './parse-arguments.ts';
import { clean } from './print.ts';
import type { Terminal } from './terminal.ts';

/** Runs the command line `args` (without node and script) and returns the exit code (DESIGN §5.3). Never throws. */
export async function runCli(args: readonly string[], terminal: Terminal, environment: Environment): Promise<number> {
  const [first = 'help', ...rest] = args.map((arg, index) => (index === 0 ? (aliases.get(arg) ?? arg) : arg));
  let command: Command | undefined;
  let json = false;
  try {
    if (first === 'help') return showHelp(rest, terminal);
    command = findCommand(first);
    const { flags, arguments: given, help } = parseArguments(first, command, rest);
    if (help) {
      printCommandHelp(terminal, first, command);
      return 0;
    }
    json = readOutput(first, flags.get('output'));
    return await command.run({
      arguments: given,
      flag: (name) => flags.get(name),
      has: (name) => flags.has(name),
      json,
      terminal,
      environment,
      now: Date.now,
    });
  } catch (error) {
    terminal.progress('');
    const failure = asFailure(error);
    printFailure(terminal, failure, json);
    return command?.errorCode ?? (failure.fault === 'server' ? 2 : 1);
  }
}

const aliases = new Map([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-v', 'version'],
]);

function findCommand(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command;
  const meant = nearest(name, Object.keys(commands));
  throw new Failure(
    'user',
    `Cannot run "sluice ${name}": no such command${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    {
      help: 'Run "sluice help" for the list',
    },
  );
}

function showHelp([name]: readonly string[], terminal: Terminal): number {
  if (name === undefined || name.startsWith('-') || name === 'help') printHelp(terminal);
  else printCommandHelp(terminal, name, findCommand(name));
  return 0;
}

function readOutput(name: string, output: string | undefined): boolean {
  if (output === undefined || output === 'json') return output === 'json';
  throw new Failure('user', `Cannot run "sluice ${name}": -o takes json, not "${output}"`);
}

function printFailure(terminal: Terminal, failure: Failure, json: boolean): void {
  const { fault, message, help } = failure;
  if (json) {
    terminal.err(JSON.stringify({ error: { fault, message, help } }));
    return;
  }
  // The message of settings has a line for each problem.
  const [first = '', ...rest] = message.split('\n');
  terminal.err(`${terminal.paintError('red', 'sluice:')} ${clean(first)}`);
  for (const line of rest) terminal.err(clean(line));
  if (help !== undefined) terminal.err(`  ${clean(help)}`);
}
