import { expect, it } from 'vitest';
import type { Command } from '../../lib/cli/command.ts';
import { parseArguments } from '../../lib/cli/parse-arguments.ts';

const command: Command = {
  summary: '',
  usage: 'TARGET [flags]',
  description: '',
  flags: { output: { value: 'json', short: 'o', help: '' }, 'no-wait': { help: '' } },
  arguments: { least: 1, most: 1 },
  examples: [],
  run: async () => 0,
};

it.each([
  [['a'], ['a'], {}],
  [['a', '-o', 'json'], ['a'], { output: 'json' }],
  [['-ojson', 'a'], ['a'], { output: 'json' }],
  [['--output=json', 'a', '--no-wait'], ['a'], { output: 'json', 'no-wait': '' }],
  [['--output=-x', 'a'], ['a'], { output: '-x' }],
  [['--', '--no-wait'], ['--no-wait'], {}],
])('the command line %j is read', (args, positionals, flags) => {
  const parsed = parseArguments('sync', command, args);
  expect([parsed.arguments, Object.fromEntries(parsed.flags)]).toEqual([positionals, flags]);
});

it.each([
  [['a', '--outptu', 'json'], 'unknown flag --outptu; did you mean --output?'],
  [['a', '--nowait'], 'unknown flag --nowait; did you mean --no-wait?'],
  [['a', '-x'], 'unknown flag -x'],
  [['a', '--__proto__'], 'unknown flag --__proto__'],
  [['a', '--no-wait=yes'], '--no-wait takes no value'],
  [['a', '--output'], '--output needs a value, json'],
  [['a', '--output', '--no-wait'], '--output needs a value, json'],
  [[], 'TARGET is missing'],
  [['a', 'b'], '"b" is one too many'],
])('the command line %j is refused', (args, found) => {
  expect(() => parseArguments('sync', command, args)).toThrow(
    expect.objectContaining({
      fault: 'user',
      message: `Cannot run "sluice sync": ${found}`,
      help: 'Run "sluice help sync"',
    }),
  );
});

it.each([[['--help']], [['-h']], [['--help', 'a', 'b']]])(
  'the command line %j asks for help, whatever else it holds',
  (args) => {
    expect(parseArguments('sync', command, args).help).toBe(true);
  },
);
