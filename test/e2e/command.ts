import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { testEnvironment } from '../parts/run.ts';

const bin = join(import.meta.dirname, '../../lib/cli/sluice.js');
/** kubectl and helm are unpacked below the home directory: once for all tests. */
const HOME = join(tmpdir(), 'sluice-test-home');

export interface CommandEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the bin in `directory`; its streams are no terminal. */
export async function sluiceIn(directory: string, args: readonly string[], environment = {}): Promise<CommandEnd> {
  const child = spawn(bin, args, {
    cwd: directory,
    env: { ...testEnvironment, HOME, PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, err };
}
