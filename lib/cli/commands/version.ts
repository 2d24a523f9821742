import { version as sluice } from '../../version.ts';
import { type Command, outputFlag } from '../command.ts';
import { printJson } from '../print.ts';

export const version: Command = {
  summary: 'print the version',
  usage: '[flags]',
  description: 'Prints the version of sluice and of the Node that runs it.',
  flags: outputFlag,
  arguments: { least: 0, most: 0 },
  examples: ['sluice version'],
  async run({ json, terminal }) {
    if (json) printJson(terminal, { sluice, node: process.version });
    else terminal.out(`sluice ${sluice} (node ${process.version})`);
    return 0;
  },
};
