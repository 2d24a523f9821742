import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTools } from '../../lib/adapters/tools.ts';

/** What a person does beside us: the real kubectl. Resolves with what it prints; rejects with its standard error. */
export async function kubectl(kubeconfig: string, args: readonly string[], input = ''): Promise<string> {
  const { kubectl: program } = await createTools({ directory: join(tmpdir(), 'sluice-test-tools') })();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile(
    program,
    ['--kubeconfig', kubeconfig, ...args],
    { maxBuffer: 64 << 20 },
    (error, stdout, stderr) => {
      if (error) reject(new Error(stderr || error.message));
      else resolve(stdout);
    },
  );
  child.stdin?.end(input);
  return promise;
}
