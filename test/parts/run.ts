import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

interface RunOptions {
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs a program for a test with nothing of this machine's git settings; gives its standard output without the last line break. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const running = execute(program, [...args], {
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
    env: { ...testEnvironment, ...options.environment },
    maxBuffer: 256 * 1024 * 1024,
  });
  if (options.input !== undefined) running.child.stdin?.end(options.input);
  const { stdout } = await running;
  return stdout.replace(/\n$/, '');
}

export const testEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};
