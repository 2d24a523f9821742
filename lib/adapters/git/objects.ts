import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Failure } from '../../domain/failure.ts';
import { createBatchAnswers, type FoundObject, type Question } from './batch-answers.ts';
import { localFailure } from './failures.ts';

/** The objects that are in a repository. What is not there is absent from the answers, and never fetched. */
export interface Objects {
  find(ids: readonly string[]): Promise<ReadonlyMap<string, FoundObject>>;
  contents(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
  /** Ends the program; the next question starts another. */
  close(): void;
}

/** How git is started (command.ts). */
export interface CommandLine {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
}

const idleMs = 5_000;
/** Nothing of a disk takes as long. */
const answerMs = 60_000;

/**
 * Reads by one `git cat-file --batch-command` that stays until nobody has asked for five seconds: to start a program holds this process
 * up for longer than most answers take. What is fetched meanwhile is found. `commandLine` gives nothing while there is no repository.
 * Throws a `server` Failure, code `GitFailed`, if git refuses.
 */
export function createObjects(commandLine: () => Promise<CommandLine | undefined>): Objects {
  let reader: Reader | undefined;

  async function ask(command: Question['command'], ids: readonly string[]): Promise<ReadonlyMap<string, FoundObject>> {
    if (ids.length === 0) return new Map();
    const line = reader === undefined ? await commandLine() : undefined;
    if (reader === undefined && line === undefined) return new Map();
    reader ??= startReader(line as CommandLine, (ended) => {
      if (reader === ended) reader = undefined;
    });
    return await reader.ask(command, ids);
  }

  return {
    find: (ids) => ask('info', ids),
    async contents(ids) {
      const found = await ask('contents', ids);
      return new Map([...found].flatMap(([id, { contents }]) => (contents === undefined ? [] : [[id, contents]])));
    },
    close: () => reader?.close(),
  };
}

interface Reader {
  ask(command: Question['command'], ids: readonly string[]): Promise<ReadonlyMap<string, FoundObject>>;
  close(): void;
}

function startReader({ args, environment, directory }: CommandLine, onEnd: (reader: Reader) => void): Reader {
  const child = spawn('git', args, { cwd: directory, env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  const questions: Question[] = [];
  let errors = '';
  let timer: NodeJS.Timeout | undefined;

  /** Who waits for an answer is waited for; who might ask once more is not. */
  function rest(): void {
    clearTimeout(timer);
    const isIdle = questions.length === 0;
    hold(child, !isIdle);
    timer = setTimeout(reader.close, isIdle ? idleMs : answerMs).unref();
  }

  function end(failure: Failure): void {
    clearTimeout(timer);
    onEnd(reader);
    for (const { reject } of questions.splice(0)) reject(failure);
  }

  const read = createBatchAnswers(questions);
  child.stdout.on('data', (chunk: Buffer) => {
    read(chunk);
    rest();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-4096);
  });
  // A child that has ended says why by its end.
  child.stdin.on('error', () => undefined);
  child.on('error', (cause) => {
    end(new Failure('server', `Cannot start "git": ${cause.message}`, { cause, code: 'NotStarted' }));
  });
  child.on('close', () => end(localFailure('cat-file', errors)));

  const reader: Reader = {
    ask(command, ids) {
      return new Promise((resolve, reject) => {
        questions.push({ command, ids, resolve, reject });
        child.stdin.write(`${ids.map((id) => `${command} ${id}\n`).join('')}flush\n`);
        rest();
      });
    },
    close: () => void child.kill('SIGKILL'),
  };
  return reader;
}

/** Whether the process stays for the child. */
function hold(child: ChildProcessWithoutNullStreams, isHeld: boolean): void {
  for (const handle of [child, child.stdin, child.stdout, child.stderr] as { ref?(): void; unref?(): void }[]) {
    if (isHeld) handle.ref?.();
    else handle.unref?.();
  }
}
