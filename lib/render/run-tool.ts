import { Failure } from '../domain/failure.ts';
import { type CommandResult, runCommand } from '../process.ts';
import type { RenderContext } from './renderer.ts';

export interface ToolCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** Beside HOME and TMPDIR, which are the scratch directory; there is nothing else in it (DESIGN §8). */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** What messages say is done: `build "staging" with kustomize`. */
  readonly purpose: string;
}

/** Runs a program that renders. Without end in time, or with too much output, it is the repository's fault: a `user` Failure that names the purpose. */
export async function runTool({ scratch, signal }: RenderContext, call: ToolCall): Promise<CommandResult> {
  const { program, args, directory, timeoutSeconds, purpose } = call;
  const environment = { HOME: scratch, TMPDIR: scratch, ...call.environment };
  try {
    return await runCommand(program, args, { directory, environment, timeoutSeconds, signal });
  } catch (error) {
    if (!(error instanceof Failure) || (error.code !== 'Timeout' && error.code !== 'TooLarge')) throw error;
    const state = error.message.replace(/^.*?": /, '');
    throw new Failure('user', `Cannot ${purpose}: ${state}`, { code: error.code, cause: error });
  }
}
