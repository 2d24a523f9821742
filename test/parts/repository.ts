import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './run.ts';

/** The contents of a file, a symbolic link, or `null` for a file that is to go. */
export type FileContents = string | Uint8Array | { readonly link: string } | null;

export type Signer =
  | { readonly format: 'ssh'; readonly keyFile: string }
  | { readonly format: 'openpgp'; readonly key: string; readonly home: string };

export interface CommitOptions {
  readonly message?: string;
  /** Default `main`; the branch is begun at the current commit if it is not there. */
  readonly branch?: string;
  readonly sign?: Signer;
}

export interface Repository {
  /** Path of the bare repository, which servers serve. */
  readonly bare: string;
  /** The `file://` address of the bare repository. */
  readonly url: string;
  /** Path of the work tree from which is pushed. */
  readonly work: string;
  /** Writes the files, commits everything and pushes with force; gives the commit's id. */
  commit(files: Readonly<Record<string, FileContents>>, options?: CommitOptions): Promise<string>;
  /** Runs git in the work tree. */
  git(...args: string[]): Promise<string>;
  /** Sets a configuration value of the bare repository, such as `uploadpack.allowFilter`. */
  configure(key: string, value: string): Promise<void>;
}

/** Makes `<directory>/<name>.git`, bare and served as the forges do (partial clone, any commit by its id), and a work tree beside it. */
export async function createRepository(directory: string, name = 'repository'): Promise<Repository> {
  const bare = join(directory, `${name}.git`);
  const work = join(directory, `${basename(name)}-work`);
  await mkdir(work, { recursive: true });
  await run('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  await run('git', ['init', '-q', '-b', 'main', work]);

  async function git(...args: string[]): Promise<string> {
    return await run('git', ['-C', work, ...args]);
  }
  async function configure(key: string, value: string): Promise<void> {
    await run('git', ['--git-dir', bare, 'config', key, value]);
  }
  async function commit(files: Readonly<Record<string, FileContents>>, options: CommitOptions = {}): Promise<string> {
    const branch = options.branch ?? 'main';
    if ((await git('branch', '--show-current')) !== branch) {
      const known = await git('branch', '--list', branch);
      await git('checkout', '-q', ...(known === '' ? ['-b', branch] : [branch]));
    }
    for (const [path, contents] of Object.entries(files)) await writeEntry(join(work, path), contents);
    await git('add', '-A');
    const signing = options.sign;
    await run(
      'git',
      ['-C', work, ...signingConfig(signing), 'commit', '-q', '--allow-empty', '-m', options.message ?? 'change'],
      signing?.format === 'openpgp' ? { environment: { GNUPGHOME: signing.home } } : {},
    );
    await git('push', '-q', '--force', bare, `HEAD:refs/heads/${branch}`);
    return await git('rev-parse', 'HEAD');
  }

  await configure('uploadpack.allowFilter', 'true');
  await configure('uploadpack.allowAnySHA1InWant', 'true');
  await configure('http.receivepack', 'true');
  return { bare, url: pathToFileURL(bare).href, work, commit, git, configure };
}

async function writeEntry(path: string, contents: FileContents): Promise<void> {
  await rm(path, { recursive: true, force: true });
  if (contents === null) return;
  await mkdir(dirname(path), { recursive: true });
  if (typeof contents === 'object' && 'link' in contents) await symlink(contents.link, path);
  else await writeFile(path, contents);
}

function signingConfig(signer: Signer | undefined): string[] {
  if (signer === undefined) return ['-c', 'commit.gpgSign=false'];
  const key = signer.format === 'ssh' ? signer.keyFile : signer.key;
  return ['-c', `gpg.format=${signer.format}`, '-c', `user.signingKey=${key}`, '-c', 'commit.gpgSign=true'];
}
