import { type Sandbox, type SandboxSetup, startSandbox } from './sandbox.ts';

/** A function as Lambda runs it: each event in a process that is idle, or in a new one. */
export interface FunctionPool extends AsyncDisposable {
  invoke(event: unknown, seconds?: number): Promise<unknown>;
  /** The processes that are there, the oldest first. */
  readonly sandboxes: readonly Sandbox[];
  /** What all of them have printed, also those that are gone. */
  readonly output: string;
}

export function createFunctionPool(setup: SandboxSetup): FunctionPool {
  const idle: Sandbox[] = [];
  const all: Sandbox[] = [];

  async function take(): Promise<Sandbox> {
    for (let found = idle.pop(); found !== undefined; found = idle.pop()) if (found.isAlive) return found;
    const started = await startSandbox(setup);
    all.push(started);
    return started;
  }

  return {
    get sandboxes() {
      return all.filter(({ isAlive }) => isAlive);
    },
    get output() {
      return all.map(({ output }) => output).join('');
    },
    async invoke(event, seconds) {
      const sandbox = await take();
      try {
        return await sandbox.invoke(event, seconds);
      } finally {
        if (sandbox.isAlive) idle.push(sandbox);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((sandbox) => sandbox.kill()));
    },
  };
}
