import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program for a test with nothing of this machine's git settings; gives its standard output without the last line break. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly directory?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const { stdout } = await execute(program, [...args], {
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
    env: { ...testEnvironment, ...options.environment },
    maxBuffer: 256 * 1024 * 1024,
  });
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
