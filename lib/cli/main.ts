import { readEnvironment } from '../config.ts';
import { runCli } from './run-cli.ts';
import { createTerminal } from './terminal.ts';

// The reader of a pipe has gone (`sluice runs | head`): nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const environment = readEnvironment();
process.exitCode = await runCli(
  process.argv.slice(2),
  createTerminal(process.stdout, process.stderr, environment, process.stdin),
  environment,
);
