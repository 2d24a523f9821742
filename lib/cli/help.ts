import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { wrap } from './print.ts';
import type { Terminal } from './terminal.ts';

export function printHelp(terminal: Terminal): void {
  const width = terminal.width ?? 100;
  const entries = [...Object.entries(commands).map(([name, { summary }]) => [name, summary] as const), helpEntry];
  for (const line of wrap(
    'Sluice brings what is in git into Kubernetes clusters: a push arrives as a webhook and is applied, with nothing installed in any cluster.',
    width,
  )) {
    terminal.out(line);
  }
  terminal.out(
    `\n${terminal.paint('bold', 'Usage:')} sluice COMMAND [flags]\n\n${terminal.paint('bold', 'Commands:')}`,
  );
  printEntries(terminal, entries, width);
  terminal.out(`\n${terminal.paint('bold', 'Environment:')}`);
  printEntries(terminal, environment, width);
  terminal.out('');
  for (const line of wrap(
    'Exit code 0: done, 1: what was given is wrong or missing, 2: the server, the network or sluice failed.',
    width,
  )) {
    terminal.out(line);
  }
  terminal.out('Run "sluice help COMMAND" for its flags and examples.');
}

const helpEntry = ['help', 'show this, or the help of a command'] as const;

const environment = [
  ['SLUICE_URL', 'the server that commands ask; default http://127.0.0.1:8080'],
  ['SLUICE_TOKEN', 'a token of api.tokens in its sluice.yaml'],
  ['NO_COLOR', 'no colours, also on a terminal'],
] as const;

export function printCommandHelp(terminal: Terminal, name: string, command: Command): void {
  const width = terminal.width ?? 100;
  for (const line of wrap(command.description, width)) terminal.out(line);
  terminal.out(
    `\n${terminal.paint('bold', 'Usage:')} sluice ${name} ${command.usage}\n\n${terminal.paint('bold', 'Flags:')}`,
  );
  const flags = Object.entries({ ...command.flags, help: { short: 'h', help: 'show this' } }).map(([flag, entry]) => {
    const { short, value, help } = { value: undefined, ...entry };
    return [
      `${short === undefined ? '    ' : `-${short}, `}--${flag}${value === undefined ? '' : ` ${value}`}`,
      help,
    ] as const;
  });
  printEntries(terminal, flags, width);
  terminal.out(`\n${terminal.paint('bold', 'Examples:')}`);
  for (const example of command.examples) terminal.out(`  ${example}`);
}

function printEntries(terminal: Terminal, entries: readonly (readonly [string, string])[], width: number): void {
  const margin = Math.max(...entries.map(([name]) => name.length)) + 4;
  for (const [name, text] of entries) {
    const [first = '', ...rest] = wrap(text, Math.max(width - margin, 20));
    terminal.out(`  ${name.padEnd(margin - 2)}${first}`);
    for (const line of rest) terminal.out(' '.repeat(margin) + line);
  }
}
