import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { createGit } from '../../../lib/adapters/git/git.ts';
import type { GitOptions } from '../../../lib/adapters/git/workshop.ts';
import { createGitWriter } from '../../../lib/adapters/git/writer.ts';
import type { Checkout, Git } from '../../../lib/app/ports.ts';
import type { CommitRequest, GitWriter } from '../../../lib/app/release-ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { SecretRef } from '../../../lib/domain/settings/secret-ref.ts';
import type { Source } from '../../../lib/domain/settings/settings.ts';
import { type GitHttp, startGitHttp } from '../../parts/git-http.ts';
import { createRepository, type Repository } from '../../parts/repository.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-git-'));
  folders.push(folder);
  return folder;
}

/** Secrets by the name of their environment variable. */
export function secretsFrom(values: Readonly<Record<string, string>>) {
  return async (ref: SecretRef): Promise<string> => {
    const value = 'env' in ref ? values[ref.env] : undefined;
    if (value === undefined) throw new Failure('missing', 'Cannot read a secret of this test');
    return value;
  };
}

export interface TestGit {
  readonly git: Git;
  /** With caches of its own in memory, and the same ones on disk. */
  readonly writer: GitWriter;
  readonly scratch: string;
}

export async function testGit(
  options: Partial<GitOptions> & { readonly secrets?: Readonly<Record<string, string>> } = {},
): Promise<TestGit> {
  const scratch = options.scratch ?? (await temporaryFolder());
  const { secrets = {}, ...rest } = options;
  const all = { scratch, readSecret: secretsFrom(secrets), allowLocal: true, ...rest };
  return { git: createGit(all), writer: createGitWriter(all), scratch };
}

export const sluice = { name: 'Sluice', email: 'sluice@example.com' };

/** A request that writes these texts, whatever the head is. */
export function writing(
  from: Source,
  files: Readonly<Record<string, string>>,
  more: Partial<CommitRequest> & { readonly message?: string } = {},
): CommitRequest {
  const { message = 'Auto-release acme/shop:2', ...rest } = more;
  const change = async () => ({ files: new Map(Object.entries(files)), message });
  return { source: from, author: sluice, change, ...rest };
}

export function source(url: string, more: Partial<Source> = {}): Source {
  return { url, branch: 'main', paths: ['.'], verify: { mode: 'none', keys: [] }, ...more };
}

/** The files of a checkout, sorted; a folder ends with a slash only if it is empty. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).sort();
}

/** A checkout whose files are written, as for a render. */
export async function checkOut(git: Git, ...request: Parameters<Git['checkout']>): Promise<Checkout> {
  const checkout = await git.checkout(...request);
  try {
    await checkout.write();
    return checkout;
  } catch (error) {
    await checkout[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a promise is rejected with; fails if it is not a Failure. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    () => new Error('it was done'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Failure) return error;
  throw error;
}

/** The token that the servers of these tests take. */
export const password = 'ghp_hunter2';

export interface World extends AsyncDisposable {
  readonly repository: Repository;
  readonly server: GitHttp;
  readonly test: TestGit;
  readonly source: Source;
}

/** A repository behind HTTP that asks for the token, and the source that has it. */
export async function world(options: Partial<GitOptions> = {}): Promise<World> {
  const root = await temporaryFolder();
  const repository = await createRepository(root, 'shop');
  const server = await startGitHttp({ root, password });
  const secrets = { TOKEN: `${password}\n`, WRONG: 'ghp_wrong' };
  return {
    repository,
    server,
    test: await testGit({ secrets, allowLocal: false, ...options }),
    source: source(`${server.url}/shop.git`, { auth: { token: { env: 'TOKEN' } } }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
