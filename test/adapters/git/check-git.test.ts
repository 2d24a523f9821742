import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkGit } from '../../../lib/adapters/git/check-git.ts';

const help = 'Install git 2.39 or newer and put it on PATH';

/** A search path that holds this git, or none. */
async function pathWith(version?: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-git-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  if (version !== undefined)
    await writeFile(join(directory, 'git'), `#!/bin/sh\necho "git version ${version}"\n`, { mode: 0o755 });
  return directory;
}

it('the git of this machine is new enough', async () => {
  await expect(checkGit(process.env.PATH ?? '')).resolves.toBeUndefined();
});

it.each(['2.39', '2.39.5', '2.51.0.windows.1', '2.50.1 (Apple Git-155)', '3.0.0'])(
  'git %s is taken',
  async (version) => {
    await expect(checkGit(await pathWith(version))).resolves.toBeUndefined();
  },
);

it.each(['2.38.9', '1.99', '2.9.5'])('git %s is refused by its version', async (version) => {
  await expect(checkGit(await pathWith(version))).rejects.toMatchObject({
    fault: 'missing',
    message: `Cannot use git: it is version ${version}, older than 2.39`,
    help,
  });
});

it('no git is told with what to install', async () => {
  await expect(checkGit(await pathWith())).rejects.toMatchObject({
    fault: 'missing',
    message: 'Cannot use git: there is none on the search path',
    help,
  });
});
