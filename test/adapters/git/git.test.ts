import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Source } from '../../../lib/domain/settings.ts';
import { type GitHttp, type GitHttpFault, startGitHttp } from '../../parts/git-http.ts';
import { createRepository, type Repository } from '../../parts/repository.ts';
import { createSshKey, type Sshd, startSshd } from '../../parts/sshd.ts';
import { failureOf, filesIn, source, type TestGit, temporaryFolder, testGit } from './shared.ts';

const password = 'ghp_hunter2';
const secrets = { TOKEN: `${password}\n`, WRONG: 'ghp_wrong', KEY: '', STRANGER: '', JUNK: 'not a key' };
const auth = { token: { env: 'TOKEN' } };
const request = { submodules: false };
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
  secrets.KEY = sshd.privateKey;
});
afterAll(() => sshd[Symbol.asyncDispose]());

interface World extends AsyncDisposable {
  readonly repository: Repository;
  readonly server: GitHttp;
  readonly test: TestGit;
  readonly source: Source;
}

/** A repository behind HTTP that asks for the token. */
async function world(options: { readonly headSeconds?: number; readonly fetchSeconds?: number } = {}): Promise<World> {
  const root = await temporaryFolder();
  const repository = await createRepository(root, 'shop');
  const server = await startGitHttp({ root, password });
  const test = await testGit({ secrets, allowLocal: false, ...options });
  return {
    repository,
    server,
    test,
    source: source(`${server.url}/shop.git`, { auth }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

it('the head and a checkout come over HTTP with a token', async () => {
  await using here = await world();
  const commit = await here.repository.commit({ 'clusters/a/app.yaml': 'a: 1\n', 'README.md': 'read me\n' });
  const from = { ...here.source, paths: ['clusters/a'] };

  expect(await here.test.git.head(from)).toBe(commit);
  const checkout = await here.test.git.checkout(from, commit, request);
  expect(checkout.commit).toBe(commit);
  expect(await readFile(join(checkout.directory, 'clusters/a/app.yaml'), 'utf8')).toBe('a: 1\n');
  expect((await stat(checkout.directory)).mode & 0o777).toBe(0o700);
  // Nothing lies beside it that a renderer's commands could read.
  expect(await readdir(join(checkout.directory, '..'))).toEqual(['tree']);
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
  await using checkout = await git.checkout(from, commit, request);
  expect(await filesIn(checkout.directory)).toEqual(['app.yaml']);
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
  await using checkout = await git.checkout(source(repository.url), commit, request);
  expect(await filesIn(checkout.directory)).toEqual(['app.yaml']);

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

it('a wrong token is named by its reference, and no token is said', async () => {
  await using here = await world();
  const commit = await here.repository.commit({ 'a.yaml': '1' });
  const wrong = { ...here.source, auth: { token: { env: 'WRONG' } } };
  for (const attempt of [() => here.test.git.head(wrong), () => here.test.git.checkout(wrong, commit, request)]) {
    const failure = await failureOf(attempt());
    expect(failure.fault).toBe('user');
    expect(failure.message).toMatch(/: the server refuses the credentials$/);
    expect(failure.help).toMatch('Check the secret { env: WRONG }');
    expect(JSON.stringify([failure.message, failure.stack, failure.help])).not.toMatch(/ghp_/);
  }
  const none = await failureOf(here.test.git.head(source(here.source.url)));
  expect(none.fault).toBe('user');
  expect(none.help).toBe('The source has no credentials: add auth');
});

it.each([
  [401, 'user', /the server refuses the credentials$/],
  [403, 'user', /the credentials may not read it$/],
  [404, 'missing', /there is no such repository, or the credentials do not show it$/],
  [429, 'server', /the server does not answer \(.*429\)$/],
  [500, 'server', /the server does not answer \(.*500\)$/],
  [503, 'server', /the server does not answer \(.*503\)$/],
  ['reset', 'server', /the server does not answer \(.*\)$/],
] as const)('a server that answers with %s is a %s failure', async (fault: GitHttpFault, kind, message) => {
  await using here = await world();
  const commit = await here.repository.commit({ 'a.yaml': '1' });
  here.server.fault = fault;
  for (const attempt of [
    () => here.test.git.head(here.source),
    () => here.test.git.checkout(here.source, commit, request),
  ]) {
    const failure = await failureOf(attempt());
    expect(failure.message).toMatch(message);
    expect(failure.fault).toBe(kind);
    expect(failure.message.length).toBeLessThan(600);
  }
});

it('a server that nobody runs is a server failure', async () => {
  const { git } = await testGit({ secrets });
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
  for (const url of [`http://127.0.0.1:${port}/shop.git`, 'http://nowhere.invalid/shop.git']) {
    const failure = await failureOf(git.head(source(url)));
    expect(failure.fault).toBe('server');
    expect(failure.message).toMatch(/: the server does not answer \(/);
  }
  const failure = await failureOf(
    git.head(source(`ssh://git@127.0.0.1:${port}/shop`, { auth: { sshKey: { env: 'KEY' } } })),
  );
  expect(failure.fault).toBe('server');
  expect(failure.message).toMatch(/: the server does not answer \(/);
});

it('a server that hangs is given up after the time that is set', async () => {
  await using here = await world({ headSeconds: 1 });
  here.server.fault = 'hang';
  const begun = Date.now();
  const failure = await failureOf(here.test.git.head(here.source));
  expect(Date.now() - begun).toBeLessThan(5000);
  expect(failure.fault).toBe('server');
  expect(failure.message).toBe(`Cannot read "${here.source.url}": the server needs more than 1 s`);
});

it('a server that is too slow is given up, and the next attempt is whole', async () => {
  await using here = await world({ fetchSeconds: 2 });
  const large = randomBytes(200_000);
  const commit = await here.repository.commit({ 'a.yaml': '1', 'large.bin': large });
  here.server.bytesPerSecond = 5000;
  const failure = await failureOf(here.test.git.checkout(here.source, commit, request));
  expect(failure.fault).toBe('server');
  expect(failure.message).toMatch(/: the server needs more than 2 s$/);
  here.server.bytesPerSecond = undefined;
  await using checkout = await here.test.git.checkout(here.source, commit, request);
  expect(await filesIn(checkout.directory)).toEqual(['a.yaml', 'large.bin']);
});

it('more than may come is stopped while it comes', async () => {
  await using here = await world();
  const test = await testGit({ secrets, checkoutBytes: 100_000 });
  const large = randomBytes(5_000_000);
  const commit = await here.repository.commit({ 'large.bin': large });
  here.server.bytesPerSecond = 1_000_000;
  const begun = Date.now();
  const failure = await failureOf(test.git.checkout(here.source, commit, request));
  expect(Date.now() - begun).toBeLessThan(4000);
  expect(failure.fault).toBe('user');
  expect(failure.message).toMatch(/: more than 100000 bytes come$/);
});

it('a run that is stopped stops git', async () => {
  await using here = await world();
  here.server.fault = 'hang';
  const failure = await failureOf(here.test.git.head(here.source, AbortSignal.timeout(200)));
  expect(failure.code).toBe('Aborted');
});

it('a replica that lags behind shows the old head for a while', async () => {
  await using here = await world();
  const old = await here.repository.commit({ 'a.yaml': '1' });
  await here.server.freeze(1);
  const fresh = await here.repository.commit({ 'a.yaml': '2' });
  expect(await here.test.git.head(here.source)).toBe(old);
  await expect.poll(() => here.test.git.head(here.source), { timeout: 5000 }).toBe(fresh);
});

it.each([
  ['an unknown host key', { sshKey: { env: 'KEY' } }, /the host key of the server is not known$/],
  [
    'another host key',
    { sshKey: { env: 'KEY' }, knownHosts: 'PINNED' },
    /the server shows another host key than the known one$/,
  ],
  ['a key that may not log in', { sshKey: { env: 'STRANGER' }, knownHosts: 'OWN' }, /the server refuses the SSH key$/],
  [
    'a key that is none',
    { sshKey: { env: 'JUNK' }, knownHosts: 'OWN' },
    /the SSH key is not a private key without a passphrase$/,
  ],
])('SSH with %s is refused', async (_what, given, message) => {
  const folder = await temporaryFolder();
  await createSshKey(join(folder, 'other'));
  secrets.STRANGER = await readFile(join(folder, 'other'), 'utf8');
  const other = (await readFile(join(folder, 'other.pub'), 'utf8')).trim();
  const hosts = { PINNED: `[127.0.0.1]:${sshd.port} ${other}`, OWN: sshd.knownHosts };
  const knownHosts = 'knownHosts' in given ? { knownHosts: hosts[given.knownHosts as keyof typeof hosts] } : {};
  const { git } = await testGit({ secrets });
  const from = source(`ssh://${sshd.login}:${sshd.port}/srv/shop`, { auth: { sshKey: given.sshKey, ...knownHosts } });
  const failure = await failureOf(git.head(from));
  expect(failure.message).toMatch(message);
  expect(failure.fault).toBe('user');
});

it.each([
  [
    'https://127.0.0.1:1/shop.git',
    { sshKey: { env: 'KEY' } },
    /an SSH key goes with an ssh:\/\/ or user@host:path address$/,
  ],
  ['ssh://git@127.0.0.1:1/shop.git', { token: { env: 'TOKEN' } }, /an SSH address takes auth: \{ sshKey: … \}$/],
])('credentials that do not fit %s are refused', async (url, given, message) => {
  const { git } = await testGit({ secrets });
  const failure = await failureOf(git.head(source(url, { auth: given })));
  expect(failure.fault).toBe('user');
  expect(failure.message).toMatch(message);
});

it('what jobs of dead processes left is swept, and the ones at work stay', async () => {
  const repository = await createRepository(await temporaryFolder());
  const commit = await repository.commit({ 'app.yaml': 'a: 1\n' });
  const { git, scratch } = await testGit();
  await mkdir(join(scratch, 'git/jobs/1-1-dead/remote/credentials'), { recursive: true });
  await writeFile(join(scratch, 'git/jobs/1-1-dead/remote/credentials/password'), password);
  await using checkout = await git.checkout(source(repository.url), commit, request);
  await git.head(source(repository.url));
  expect(await readdir(join(scratch, 'git/jobs'))).toHaveLength(1);
  expect(await filesIn(checkout.directory)).toEqual(['app.yaml']);
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
  await using checkout = await git.checkout(here.source, commit, request);
  expect(await filesIn(checkout.directory)).toEqual(['a.yaml', 'large.bin']);
  const after = await readdir(scratch, { recursive: true });
  expect(after.filter((path) => /\.lock$|tmp_pack|credentials/.test(path))).toEqual([]);
  expect(await readdir(join(scratch, 'git/jobs'))).toHaveLength(1);
});
