import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Serve } from '../e2e/serve.ts';
import { testEnvironment } from '../parts/run.ts';

/** Where test/e2e/serve.ts has kubectl unpacked. */
const home = join(tmpdir(), 'sluice-test-home');
const main = join(import.meta.dirname, '../../lib/cli/main.ts');

/**
 * Another `sluice serve` of the same installation with an empty store, as one is started where the first seems to be dead: it syncs every
 * target for so many milliseconds and is killed. Resolves with what it printed.
 */
export async function runSuccessor({ directory }: Serve, milliseconds: number): Promise<string> {
  const data = join(directory, 'data-of-successor');
  const child = spawn(process.execPath, [main, 'serve', '--config', 'sluice.yaml', '--port', '0', '--data', data], {
    cwd: directory,
    env: { ...testEnvironment, HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const closed = once(child, 'close');
  await Promise.race([sleep(milliseconds), closed]);
  child.kill('SIGKILL');
  await closed;
  await rm(data, { recursive: true, force: true });
  return output;
}
