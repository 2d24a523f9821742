import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitLayer } from '../../../lib/adapters/aws/git-layer.ts';
import { createGit } from '../../../lib/adapters/git/git.ts';
import { createGitWriter } from '../../../lib/adapters/git/writer.ts';
import { asFailure } from '../../../lib/domain/failure.ts';
import type { SecretRef } from '../../../lib/domain/settings/secret-ref.ts';
import type { Source } from '../../../lib/domain/settings/settings.ts';

/** What functions do with git: sync from a repository, then commit to it, signed, and push. Prints a `GitStory`. */
export interface GitTask {
  readonly source: Source;
  readonly secrets: Readonly<Record<string, string>>;
  /** The secret of the private key that signs. */
  readonly sign: string;
  /** Path of certificates to trust instead of the layer's. */
  readonly certificates?: string;
}

export interface GitStory {
  /** What `sync` saw, before and after the push. */
  readonly before?: Synced;
  readonly after?: Synced;
  readonly pushed?: string;
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

async function commitAndPush(): Promise<string | undefined> {
  const writer = createGitWriter({ scratch: '/tmp/scratch', readSecret, allowLocal: false, path, environment });
  const done = await writer.commit({
    source: task.source,
    author: { name: 'Sluice', email: 'sluice@example.com' },
    sign: { env: task.sign },
    change: async () => ({ files: new Map([['clusters/a/app.yaml', 'a: 2\n']]), message: 'Raise a' }),
  });
  return done?.commit;
}

async function tell(): Promise<GitStory> {
  try {
    const before = await sync();
    const pushed = await commitAndPush();
    return { before, ...(pushed !== undefined && { pushed }), after: await sync() };
  } catch (error) {
    return { error: asFailure(error).message };
  }
}

process.stdout.write(JSON.stringify(await tell()));
