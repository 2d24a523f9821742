import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { describeCluster } from '../parts/api-server.ts';

const main = join(import.meta.dirname, 'main.ts');
const seconds = 5;

describeCluster('npm run chaos', () => {
  it('loses nothing while processes are killed and answers go wrong', { timeout: 150_000 }, async () => {
    const child = spawn(process.execPath, [main, '--seed', '4', '--seconds', `${seconds}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(stdout.trimEnd().split('\n').at(-1), stderr).toBe('lost 0, untracked 0, foreign 0, leaked 0');
    expect(await ended).toEqual([0, null]);
  });
});
