import { Failure } from '../lib/domain/failure.ts';
import type { Stacks } from './stacks.ts';

export interface FailedRun {
  /** When it began. */
  readonly since: Date;
  /** All that osls said. */
  readonly output: string;
  readonly stacks: Stacks;
}

/** What went wrong with a stack, in one line: what CloudFormation says first, or osls last. */
export async function stackFailure(
  verb: 'deploy' | 'remove',
  stack: string,
  { since, output, stacks }: FailedRun,
): Promise<Failure> {
  const told = await stacks.firstFailure(stack, since).catch(() => undefined);
  return new Failure('server', `Cannot ${verb} "${stack}": ${told ?? lastWord(output)}`, {
    help: `Correct it and ${verb} again`,
  });
}

/** osls puts its reason below a line that says `Error:`. */
function lastWord(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const told = lines.filter((line) => line !== '');
  return told[told.findIndex((line) => /^Error:?$/.test(line)) + 1] ?? 'osls does not say why';
}
