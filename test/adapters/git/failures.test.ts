import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAddress } from '../../../lib/adapters/git/address.ts';
import { gitFailure } from '../../../lib/adapters/git/failures.ts';
import type { GitHttpFault } from '../../parts/git-http.ts';
import { createSshKey, type Sshd, startSshd } from '../../parts/sshd.ts';
import { checkOut, failureOf, filesIn, password, source, temporaryFolder, testGit, world } from './shared.ts';

const secrets = { TOKEN: password, KEY: '', STRANGER: '', JUNK: 'not a key' };
const request = { submodules: false };
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
  secrets.KEY = sshd.privateKey;
});
afterAll(() => sshd[Symbol.asyncDispose]());

it('a wrong token is named by its reference, and no token is said', async () => {
  await using here = await world();
  const commit = await here.repository.commit({ 'a.yaml': '1' });
  const wrong = { ...here.source, auth: { token: { env: 'WRONG' } } };
  for (const attempt of [() => here.test.git.head(wrong), () => checkOut(here.test.git, wrong, commit, request)]) {
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
    () => checkOut(here.test.git, here.source, commit, request),
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
  const silent = await failureOf(git.head(source(`http://127.0.0.1:${port}/shop.git`)));
  expect(silent.fault).toBe('server');
  expect(silent.message).toMatch(/: the server does not answer \(/);
  const failure = await failureOf(
    git.head(source(`ssh://git@127.0.0.1:${port}/shop`, { auth: { sshKey: { env: 'KEY' } } })),
  );
  expect(failure.fault).toBe('server');
  expect(failure.message).toMatch(/: the server does not answer \(/);
});

it('a host that nobody knows is missing, as that of a cluster is', async () => {
  const { git } = await testGit({ secrets });
  expect(await failureOf(git.head(source('http://nowhere.invalid/shop.git')))).toMatchObject({
    fault: 'missing',
    message: 'Cannot read "http://nowhere.invalid/shop.git": there is no such host',
    help: 'Look at the name of the server in source.url',
  });
});

it.each([
  ['Name or service not known', 'missing'],
  ['Temporary failure in name resolution', 'server'],
])('ssh that says "%s" of a host is a %s failure', (words, fault) => {
  const exchange = { address: parseAddress('ssh://git@nowhere.invalid/shop', false), credentials: undefined };
  const stderr = `ssh: Could not resolve hostname nowhere.invalid: ${words}\nfatal: Could not read from remote repository.`;
  expect(gitFailure('read', exchange, stderr).fault).toBe(fault);
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
  const failure = await failureOf(checkOut(here.test.git, here.source, commit, request));
  expect(failure.fault).toBe('server');
  expect(failure.message).toMatch(/: the server needs more than 2 s$/);
  here.server.bytesPerSecond = undefined;
  await using checkout = await checkOut(here.test.git, here.source, commit, request);
  expect(await filesIn(await checkout.write())).toEqual(['a.yaml', 'large.bin']);
});

it('more than may come is stopped while it comes', async () => {
  await using here = await world();
  const test = await testGit({ secrets, checkoutBytes: 100_000 });
  const large = randomBytes(5_000_000);
  const commit = await here.repository.commit({ 'large.bin': large });
  here.server.bytesPerSecond = 1_000_000;
  const begun = Date.now();
  const failure = await failureOf(checkOut(test.git, here.source, commit, request));
  expect(Date.now() - begun).toBeLessThan(4000);
  expect(failure.fault).toBe('user');
  expect(failure.message).toMatch(/: more than 100000 bytes come$/);
});

it('a run that is stopped stops git', async () => {
  await using here = await world();
  here.server.fault = 'hang';
  const failure = await failureOf(here.test.git.head(here.source, { signal: AbortSignal.timeout(200) }));
  expect(failure.code).toBe('Aborted');
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
