import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRepository } from '../../parts/repository.ts';
import { type Sshd, startSshd } from '../../parts/sshd.ts';
import { checkOut, failureOf, filesIn, password, source, temporaryFolder, testGit, world } from './shared.ts';

const secrets = { TOKEN: password, KEY: '' };
const request = { submodules: false };
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
  secrets.KEY = sshd.privateKey;
});
afterAll(() => sshd[Symbol.asyncDispose]());

it('the head and a checkout come over HTTP with a token', async () => {
  await using here = await world();
  const commit = await here.repository.commit({ 'clusters/a/app.yaml': 'a: 1\n', 'README.md': 'read me\n' });
  const from = { ...here.source, paths: ['clusters/a'] };

  expect(await here.test.git.head(from)).toBe(commit);
  const checkout = await checkOut(here.test.git, from, commit, request);
  expect(checkout.commit).toBe(commit);
  expect(await readFile(join(await checkout.write(), 'clusters/a/app.yaml'), 'utf8')).toBe('a: 1\n');
  expect((await stat(await checkout.write())).mode & 0o777).toBe(0o700);
  // Nothing lies beside it that a renderer's commands could read.
  expect(await readdir(join(await checkout.write(), '..'))).toEqual(['tree']);
  await checkout[Symbol.asyncDispose]();
  expect(await readdir(join(here.test.scratch, 'git/jobs'))).toEqual([]);
});

it('the head and a checkout come over SSH with a deploy key and a pinned host key', async () => {
  const repository = await createRepository(await temporaryFolder());
  const commit = await repository.commit({ 'app.yaml': 'a: 1\n' });
  const { git } = await testGit({ secrets, allowLocal: false });
  const from = source(`ssh://${sshd.login}:${sshd.port}${repository.bare}`, {
    auth: { sshKey: { env: 'KEY' }, knownHosts: sshd.knownHosts },
  });
  expect(await git.head(from)).toBe(commit);
  await using checkout = await checkOut(git, from, commit, request);
  expect(await filesIn(await checkout.write())).toEqual(['app.yaml']);
});

it('the short form of an SSH address is taken', async () => {
  const folder = await temporaryFolder();
  const repository = await createRepository(folder);
  const commit = await repository.commit({ 'app.yaml': 'a: 1\n' });
  // The short form has no place for a port: this ssh adds it.
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/ssh'), `#!/bin/sh\nexec /usr/bin/ssh -p ${sshd.port} "$@"\n`);
  await chmod(join(folder, 'bin/ssh'), 0o755);
  const { git } = await testGit({ secrets, path: `${folder}/bin:/usr/local/bin:/usr/bin:/bin` });
  const from = source(`${sshd.login}:${repository.bare}`, {
    auth: { sshKey: { env: 'KEY' }, knownHosts: sshd.knownHosts },
  });
  expect(await git.head(from)).toBe(commit);
});

it('the head and a checkout come from a file address, in local runs only', async () => {
  const repository = await createRepository(await temporaryFolder());
  const commit = await repository.commit({ 'app.yaml': 'a: 1\n' });
  const { git } = await testGit();
  expect(await git.head(source(repository.url))).toBe(commit);
  await using checkout = await checkOut(git, source(repository.url), commit, request);
  expect(await filesIn(await checkout.write())).toEqual(['app.yaml']);

  const remote = await testGit({ allowLocal: false });
  expect((await failureOf(remote.git.head(source(repository.url)))).fault).toBe('user');
});

it('a branch whose name ends like another is not taken for it', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '1' }, { branch: 'x/refs/heads/main' });
  const commit = await here.repository.commit({ 'a.yaml': '2' }, { branch: 'main' });
  expect(await here.test.git.head(here.source)).toBe(commit);
});

it('an unknown branch is missing, and the ones that are there are named', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '1' });
  const failure = await failureOf(here.test.git.head({ ...here.source, branch: 'release' }));
  expect(failure.fault).toBe('missing');
  expect(failure.message).toBe(`Cannot find the branch "release" of "${here.source.url}": there is no such branch`);
  expect(failure.help).toBe('There is main');
});

it('an empty repository is missing its branch, and is said to be empty', async () => {
  await using here = await world();
  const failure = await failureOf(here.test.git.head(here.source));
  expect(failure.fault).toBe('missing');
  expect(failure.message).toBe(`Cannot find the branch "main" of "${here.source.url}": the repository is empty`);
});

it('a replica that lags behind shows the old head for a while', async () => {
  await using here = await world();
  const old = await here.repository.commit({ 'a.yaml': '1' });
  await here.server.freeze(1);
  const fresh = await here.repository.commit({ 'a.yaml': '2' });
  expect(await here.test.git.head(here.source)).toBe(old);
  await expect.poll(() => here.test.git.head(here.source), { timeout: 5000 }).toBe(fresh);
});

it('what jobs of dead processes left is swept, and the ones at work stay', async () => {
  const repository = await createRepository(await temporaryFolder());
  const commit = await repository.commit({ 'app.yaml': 'a: 1\n' });
  const { git, scratch } = await testGit();
  await mkdir(join(scratch, 'git/jobs/1-1-dead/remote/credentials'), { recursive: true });
  await writeFile(join(scratch, 'git/jobs/1-1-dead/remote/credentials/password'), password);
  await using checkout = await checkOut(git, source(repository.url), commit, request);
  await git.head(source(repository.url));
  expect(await readdir(join(scratch, 'git/jobs'))).toHaveLength(1);
  expect(await filesIn(await checkout.write())).toEqual(['app.yaml']);
});

it('a process killed while it fetches leaves nothing that the next one stumbles over', async () => {
  await using here = await world();
  const commit = await here.repository.commit({ 'a.yaml': '1', 'large.bin': randomBytes(500_000) });
  here.server.bytesPerSecond = 50_000;
  const { git, scratch } = await testGit({ secrets });
  const script = join(import.meta.dirname, 'checkout-once.ts');
  const child = spawn(process.execPath, [script, scratch, here.source.url, commit], { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const arrives = async () => (await readdir(scratch, { recursive: true })).some((path) => /tmp_pack/.test(path));
  await expect.poll(arrives, { timeout: 20_000 }).toBe(true);
  child.kill('SIGKILL');
  await ended;
  const before = await readdir(scratch, { recursive: true });
  expect(before.filter((path) => /\.git\.lock$|credentials\/password$/.test(path))).toHaveLength(2);

  here.server.bytesPerSecond = undefined;
  await using checkout = await checkOut(git, here.source, commit, request);
  expect(await filesIn(await checkout.write())).toEqual(['a.yaml', 'large.bin']);
  const after = await readdir(scratch, { recursive: true });
  expect(after.filter((path) => /\.lock$|tmp_pack|credentials/.test(path))).toEqual([]);
  expect(await readdir(join(scratch, 'git/jobs'))).toHaveLength(1);
});
