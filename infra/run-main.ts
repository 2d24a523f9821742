import { asFailure } from '../lib/domain/failure.ts';

/** Runs what a command does; a Failure is told in its own words, on standard error. */
export async function runMain(task: (say: (line: string) => void) => Promise<void>): Promise<void> {
  try {
    await task((line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    const { message, help, fault } = asFailure(error);
    process.stderr.write(`${message}\n${help === undefined ? '' : `  ${help}\n`}`);
    process.exitCode = fault === 'server' ? 2 : 1;
  }
}
