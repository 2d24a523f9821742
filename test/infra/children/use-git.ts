import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitLayer } from '../../../lib/adapters/aws/git-layer.ts';
import { parseAddress } from '../../../lib/adapters/git/address.ts';
import { createGitCommand } from '../../../lib/adapters/git/command.ts';
import { prepareCredentials } from '../../../lib/adapters/git/credentials.ts';
import { createGit } from '../../../lib/adapters/git/git.ts';
import { createGithubApps } from '../../../lib/adapters/git/github-app.ts';
import { asFailure } from '../../../lib/domain/failure.ts';
import type { SecretRef } from '../../../lib/domain/settings/secret-ref.ts';
import type { Source } from '../../../lib/domain/settings/settings.ts';

/** What a function would do with git: sync from a repository, then commit to it, signed with SSH, and push. Prints a `GitStory`. */
export interface GitTask {
  readonly source: Source;
  readonly secrets: Readonly<Record<string, string>>;
  /** Paths of the private key that signs, and of certificates to trust instead of the layer's. */
  readonly signingKey: string;
  readonly certificates?: string;
}

export interface GitStory {
  /** What `sync` saw, before and after the push. */
  readonly before?: Synced;
  readonly after?: Synced;
  readonly pushed?: string;
  readonly workTree?: readonly string[];
  readonly error?: string;
}

interface Synced {
  readonly head: string;
  readonly commit: string;
  readonly files: Readonly<Record<string, string>>;
}

const task: GitTask = JSON.parse(process.argv[2] ?? '');
const { path } = gitLayer;
const environment = {
  ...gitLayer.environment,
  ...(task.certificates === undefined ? {} : { GIT_SSL_CAINFO: task.certificates }),
};

async function readSecret(ref: SecretRef): Promise<string> {
  return ('env' in ref && task.secrets[ref.env]) || '';
}

async function sync(): Promise<Synced> {
  const git = createGit({ scratch: '/tmp/scratch', readSecret, allowLocal: false, path, environment });
  const head = await git.head(task.source);
  await using checkout = await git.checkout(task.source, head, { submodules: false });
  const directory = await checkout.write();
  const files: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[file.slice(directory.length + 1)] = await readFile(file, 'utf8');
  }
  return { head, commit: checkout.commit, files };
}

async function commitAndPush(): Promise<{ readonly pushed: string; readonly workTree: readonly string[] }> {
  const address = parseAddress(task.source.url, false);
  const sources = { readSecret, githubApps: createGithubApps(readSecret) };
  const credentials = await prepareCredentials(address, task.source.auth, '/tmp/credentials', sources);
  const author = { GIT_AUTHOR_NAME: 'Sluice', GIT_AUTHOR_EMAIL: 'sluice@example.com' };
  const committer = { GIT_COMMITTER_NAME: 'Sluice', GIT_COMMITTER_EMAIL: 'sluice@example.com' };
  const command = createGitCommand({ path, environment });
  async function git(directory: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await command(args, {
      directory,
      environment: { ...credentials.environment, ...author, ...committer },
      timeoutSeconds: 60,
    });
    if (code !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
    return stdout.toString('utf8').trim();
  }
  const work = '/tmp/work';
  await git('/tmp', 'clone', '--quiet', '--depth=1', '--filter=blob:none', '--sparse', address.url, work);
  await git(work, 'sparse-checkout', 'set', ...task.source.paths);
  const workTree = (await readdir(work, { recursive: true })).filter((name) => !name.startsWith('.git'));
  await writeFile(join(work, 'clusters/a/app.yaml'), 'a: 2\n');
  const signed = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${task.signingKey}`];
  await git(work, ...signed, 'commit', '--quiet', '--all', '--gpg-sign', '--message=Raise a');
  await git(work, 'push', '--quiet', 'origin', `HEAD:refs/heads/${task.source.branch}`);
  return { pushed: await git(work, 'rev-parse', 'HEAD'), workTree: workTree.sort() };
}

async function tell(): Promise<GitStory> {
  try {
    const before = await sync();
    const { pushed, workTree } = await commitAndPush();
    return { before, pushed, workTree, after: await sync() };
  } catch (error) {
    return { error: asFailure(error).message };
  }
}

process.stdout.write(JSON.stringify(await tell()));
