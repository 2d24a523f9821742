import { Failure } from '../../lib/domain/failure.ts';
import { runCommand } from '../../lib/process.ts';

export interface ToolOptions {
  readonly directory: string;
  /** Beside PATH and LC_ALL; nothing else of this process' environment reaches the tool. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly help?: string;
}

/** Runs a program of the machine and gives what it prints. Throws a `server` Failure with the last line of its complaint. */
export async function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<string> {
  const { code, stdout, stderr } = await runCommand(program, args, {
    directory: options.directory,
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...options.environment },
    timeoutSeconds: 900,
  });
  if (code === 0) return stdout.toString('utf8');
  const complaint = stderr.trim().split('\n').at(-1) ?? '';
  throw new Failure(
    'server',
    `Cannot run "${[program, ...args.slice(0, 1)].join(' ')}": ${complaint || `exit ${code}`}`,
    {
      ...(options.help === undefined ? {} : { help: options.help }),
      cause: stderr,
    },
  );
}
