import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from '../../domain/failure.ts';

/** Programs that run beside this process and end with it. */
export interface Children extends AsyncDisposable {
  /** Starts a program; it sees no environment and no terminal, and writes to `<its name>.log` in `logs`. */
  start(program: string, args: readonly string[], logs: string): void;
  /** Throws a `server` Failure with the end of its log if one of them has ended. */
  check(): void;
  /** Ends them, last started first, and waits. */
  stop(): Promise<void>;
}

interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly logFile: string;
}

const patienceMs = 5000;

export function createChildren(): Children {
  const children: Child[] = [];
  const watchers: ChildProcess[] = [];

  function start(program: string, args: readonly string[], logs: string): void {
    const name = basename(program);
    const logFile = join(logs, `${name}.log`);
    const log = openSync(logFile, 'a', 0o600);
    // A group of its own: Ctrl-C in a terminal reaches us alone, and we end them in order.
    const child = spawn(program, args, { stdio: ['ignore', log, log], env: {}, detached: true });
    closeSync(log);
    child.on('error', () => undefined);
    children.push({ name, process: child, logFile });
    if (child.pid !== undefined) watchers.push(watch(child.pid));
  }

  function check(): void {
    for (const { name, process: child, logFile } of children) {
      if (!hasEnded(child)) continue;
      const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
      throw new Failure('server', `Cannot keep "${name}" running: it has ended (${ending(child)})\n${tail}`);
    }
  }

  async function stop(): Promise<void> {
    for (const { process: child } of children.splice(0).reverse()) {
      if (hasEnded(child)) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await ended;
      clearTimeout(timer);
    }
    for (const watcher of watchers.splice(0)) watcher.kill('SIGKILL');
  }

  return { start, check, stop, [Symbol.asyncDispose]: stop };
}

/** A shell that waits for the end of a pipe which this process holds open; when we die, however, it ends `pid`. */
function watch(pid: number): ChildProcess {
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$0" 2>/dev/null', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
    detached: true,
  });
  watcher.unref();
  return watcher;
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function ending(child: ChildProcess): string {
  if (child.pid === undefined) return 'it could not be started';
  return child.signalCode ?? `exit code ${child.exitCode}`;
}
