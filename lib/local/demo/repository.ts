import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import { runCommand } from '../../process.ts';

export interface Repository {
  /** The address that the server clones. */
  readonly url: string;
  /** The clone that a person edits. */
  readonly work: string;
  /** Writes and removes files, commits and pushes; the push runs the hook. Returns the commit. */
  push(files: Readonly<Record<string, string | undefined>>, message: string): Promise<string>;
}

/** A bare repository whose pushes run `hook`, a command line for `sh`, and a clone of it. */
export async function createRepository(directory: string, hook: string, path: string): Promise<Repository> {
  const bare = join(directory, 'shop.git');
  const work = join(directory, 'shop');
  const environment = {
    PATH: path,
    HOME: directory,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
  };

  async function git(cwd: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCommand('git', args, { directory: cwd, environment, timeoutSeconds: 60 });
    if (code !== 0) throw new Failure('server', `Cannot run "git ${args[0]}" for the demo: ${stderr.trim()}`);
    return stdout.toString('utf8').trim();
  }

  await git(directory, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  await writeFile(join(bare, 'hooks/post-receive'), `#!/bin/sh\nexec ${hook}\n`, { mode: 0o755 });
  await git(directory, 'clone', '--quiet', bare, work);
  await git(work, 'config', 'user.name', 'Sluice demo');
  await git(work, 'config', 'user.email', 'demo@sluice.example');
  await git(work, 'checkout', '--quiet', '-B', 'main');

  return {
    url: `file://${bare}`,
    work,
    async push(files, message) {
      for (const [name, text] of Object.entries(files)) {
        const file = join(work, name);
        await mkdir(dirname(file), { recursive: true });
        if (text === undefined) await rm(file);
        else await writeFile(file, text);
      }
      await git(work, 'add', '--all');
      await git(work, 'commit', '--quiet', '--message', message);
      await git(work, 'push', '--quiet', '--set-upstream', 'origin', 'main');
      return await git(work, 'rev-parse', 'HEAD');
    },
  };
}
