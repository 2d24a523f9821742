import { spawn } from 'node:child_process';
import { Failure } from './domain/failure.ts';

export interface CommandOptions {
  readonly directory: string;
  /** The whole environment of the child: nothing is inherited (DESIGN §8). */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Bytes of standard output that are accepted; more ends the child. Default 64 MiB. */
  readonly maxOutput?: number;
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface CommandResult {
  /** Exit code; -1 if a signal ended the child. */
  readonly code: number;
  readonly stdout: Buffer;
  /** The last 64 KiB of standard error. */
  readonly stderr: string;
}

const maxErrorBytes = 65_536;

/**
 * Runs a program with an argument list, without a shell, in a process group of its own that is ended as a whole, also when the program ends by
 * itself and leaves others behind. Resolves with any exit code. Throws a Failure with the code `NotStarted`, `Timeout` or `Aborted` (`server`), or
 * `TooLarge` (`user`).
 */
export function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const name = program.slice(program.lastIndexOf('/') + 1);
  if (options.signal?.aborted) return Promise.reject(aborted(name));
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const child = spawn(program, args, {
    cwd: options.directory,
    env: { ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const output: Buffer[] = [];
  let outputBytes = 0;
  let errors = '';
  let ended: Failure | undefined;

  function killGroup(): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nobody of it is left.
    }
  }

  function end(reason: Failure): void {
    ended ??= reason;
    killGroup();
    // A descendant that has left the group may hold the pipes open: nobody waits for it.
    child.stdout.destroy();
    child.stderr.destroy();
  }

  const timer = setTimeout(
    () =>
      end(
        new Failure('server', `Cannot finish "${name}": no end after ${options.timeoutSeconds} s`, { code: 'Timeout' }),
      ),
    options.timeoutSeconds * 1000,
  );
  function abort(): void {
    end(aborted(name));
  }
  options.signal?.addEventListener('abort', abort, { once: true });

  const maxOutput = options.maxOutput ?? 64 * 1024 * 1024;
  child.stdout.on('data', (chunk: Buffer) => {
    outputBytes += chunk.length;
    if (outputBytes > maxOutput) {
      end(new Failure('user', `Cannot read what "${name}" prints: more than ${maxOutput} bytes`, { code: 'TooLarge' }));
    } else output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-maxErrorBytes);
  });
  // A child that ends without reading its input closes the pipe; its exit code tells the story.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  child.on('error', (cause) => {
    ended ??= new Failure('server', `Cannot start "${name}": ${cause.message}`, { cause, code: 'NotStarted' });
    finish(-1);
  });
  child.on('exit', killGroup);
  child.on('close', (code) => finish(code ?? -1));

  function finish(code: number): void {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
    if (ended) reject(ended);
    else resolve({ code, stdout: Buffer.concat(output), stderr: errors });
  }
  return promise;
}

function aborted(name: string): Failure {
  return new Failure('server', `Cannot finish "${name}": the run was stopped`, { code: 'Aborted' });
}
