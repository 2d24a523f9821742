import { type CommandResult, runCommand } from '../../process.ts';

/** How git is started: nothing of the machine's or the user's settings reaches it (DESIGN §4, §8). */
export interface GitSetup {
  /** The PATH of git and its children. */
  readonly path: string;
  /** What a bundled git needs beside: GIT_EXEC_PATH, GIT_SSL_CAINFO, proxies. No secrets. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface GitCall {
  /** The git directory, a bare repository. */
  readonly repository?: string;
  /** The working directory, which is also HOME. */
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Runs git once with any exit code. */
export type Git = (args: readonly string[], call: GitCall) => Promise<CommandResult>;

const settings: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.autocrlf=false',
  'core.symlinks=true',
  // Larger files are streamed, not held in memory.
  'core.bigFileThreshold=16m',
  'checkout.workers=0',
  'credential.helper=',
  'fetch.recurseSubmodules=false',
  'fetch.unpackLimit=1',
  'gc.auto=0',
  'maintenance.auto=false',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=20',
  'log.mailmap=false',
  'protocol.version=2',
];

/** The arguments and the whole environment of git. */
export function commandLine(
  setup: GitSetup,
  args: readonly string[],
  call: Pick<GitCall, 'repository' | 'directory' | 'environment'>,
): { readonly args: readonly string[]; readonly environment: Readonly<Record<string, string>> } {
  return {
    args: [...settings.flatMap((setting) => ['-c', setting]), ...args],
    environment: {
      PATH: setup.path,
      ...setup.environment,
      HOME: call.directory,
      LC_ALL: 'C',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
      // Only an exchange with a server allows one (credentials.ts).
      GIT_ALLOW_PROTOCOL: '',
      ...(call.repository === undefined ? {} : { GIT_DIR: call.repository }),
      ...call.environment,
    },
  };
}

export function createGitCommand(setup: GitSetup): Git {
  return (args, call) => {
    const line = commandLine(setup, args, call);
    return runCommand('git', line.args, {
      directory: call.directory,
      environment: line.environment,
      timeoutSeconds: call.timeoutSeconds,
      ...(call.input === undefined ? {} : { input: call.input }),
      signal: call.signal,
    });
  };
}
