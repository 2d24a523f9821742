import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GitHttp, startGitHttp } from '../../parts/git-http.ts';
import { createRepository } from '../../parts/repository.ts';
import { type Sshd, startSshd } from '../../parts/sshd.ts';
import { filesIn, source, temporaryFolder, testGit } from './shared.ts';

let sshd: Sshd;
const servers: GitHttp[] = [];

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

async function httpServer(root: string, password = 'secret-token'): Promise<GitHttp> {
  const server = await startGitHttp({ root, password });
  servers.push(server);
  return server;
}

it('the head and a checkout come over HTTP with a token', async () => {
  const root = await temporaryFolder();
  const repository = await createRepository(root, 'shop');
  const commit = await repository.commit({ 'clusters/staging/app.yaml': 'a: 1\n', 'README.md': 'read me\n' });
  const server = await httpServer(root);
  const { git, scratch } = await testGit({ secrets: { TOKEN: 'secret-token\n' }, allowLocal: false });
  const from = source(`${server.url}/shop.git`, { paths: ['clusters/staging'], auth: { token: { env: 'TOKEN' } } });

  expect(await git.head(from)).toBe(commit);
  const checkout = await git.checkout(from, commit, { submodules: false });
  expect(checkout.commit).toBe(commit);
  expect(await filesIn(checkout.directory)).toEqual(['clusters/staging/app.yaml']);
  expect(await readFile(join(checkout.directory, 'clusters/staging/app.yaml'), 'utf8')).toBe('a: 1\n');
  expect((await stat(checkout.directory)).mode & 0o777).toBe(0o700);
  await checkout[Symbol.asyncDispose]();
  expect(await readdir(join(scratch, 'git/jobs'))).toEqual([]);
});

it('the head and a checkout come over SSH with a deploy key', async () => {
  const root = await temporaryFolder();
  const repository = await createRepository(root, 'shop');
  const commit = await repository.commit({ 'app.yaml': 'a: 1\n' });
  const { git } = await testGit({ secrets: { KEY: sshd.privateKey } });
  const auth = { sshKey: { env: 'KEY' }, knownHosts: sshd.knownHosts };
  const from = source(`ssh://${sshd.login}:${sshd.port}${repository.bare}`, { auth });

  expect(await git.head(from)).toBe(commit);
  await using checkout = await git.checkout(from, commit, { submodules: false });
  expect(await filesIn(checkout.directory)).toEqual(['app.yaml']);
});

it('the head and a checkout come from a file address', async () => {
  const root = await temporaryFolder();
  const repository = await createRepository(root, 'shop');
  const commit = await repository.commit({ 'app.yaml': 'a: 1\n' });
  const { git } = await testGit();

  expect(await git.head(source(repository.url))).toBe(commit);
  await using checkout = await git.checkout(source(repository.url), commit, { submodules: false });
  expect(await filesIn(checkout.directory)).toEqual(['app.yaml']);
});
