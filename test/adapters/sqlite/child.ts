import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A process beside the test's own that uses a database. */
export interface Child extends Disposable {
  /** The next line that it prints. */
  line(): Promise<string>;
  /** What it had printed and was not read. */
  rest(): readonly string[];
  kill(): void;
  readonly ended: Promise<unknown>;
}

/** `script` is the name of a file in `children`; it is given the path of the database. */
export async function startChild(script: string, path: string): Promise<Child> {
  const file = join(import.meta.dirname, 'children', script);
  const child: ChildProcess = spawn(process.execPath, [file, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  if (child.stdout === null) throw new Error('The child has no output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift();
    if (next === undefined) lines.push(line);
    else next(line);
  });
  return {
    line: async () => lines.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve))),
    rest: () => lines.splice(0),
    kill: () => child.kill('SIGKILL'),
    ended,
    [Symbol.dispose]: () => child.kill('SIGKILL'),
  };
}
