import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Source } from '../../../lib/domain/settings/settings.ts';
import { createRepository } from '../../parts/repository.ts';
import { run } from '../../parts/run.ts';
import { createSshKey } from '../../parts/sshd.ts';
import { checkOut, failureOf, password, source, temporaryFolder, testGit, world, writing } from './shared.ts';

let home: string;
const secrets: Record<string, string> = {};

async function gpg(...args: string[]): Promise<string> {
  return await run('gpg', ['--batch', '--quiet', '--pinentry-mode', 'loopback', ...args], {
    environment: { GNUPGHOME: home },
  });
}

beforeAll(async () => {
  // A short path: the socket of gpg-agent lies in it.
  home = await mkdtemp(join(tmpdir(), 'keys-'));
  await createSshKey(join(home, 'ada'));
  secrets.SSH = await readFile(join(home, 'ada'), 'utf8');
  secrets.SSH_PUBLIC = await readFile(join(home, 'ada.pub'), 'utf8');
  await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', join(home, 'pem')]);
  secrets.PEM = (await readFile(join(home, 'pem'), 'utf8')).replaceAll('\n', '\r\n').trimEnd();
  secrets.PEM_PUBLIC = await readFile(join(home, 'pem.pub'), 'utf8');
  for (const [name, format] of Object.entries({ SSH_LOCKED: 'RFC4716', PEM_LOCKED: 'PEM', PKCS8_LOCKED: 'PKCS8' })) {
    const file = join(home, name);
    await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-m', format, '-N', 'hunter2', '-f', file]);
    secrets[name] = await readFile(file, 'utf8');
  }
  await gpg('--passphrase', '', '--quick-generate-key', 'Ada <ada@example.com>', 'ed25519', 'sign', 'never');
  secrets.GPG = await gpg('--armor', '--export-secret-keys', 'ada@example.com');
  secrets.GPG_PUBLIC = await gpg('--armor', '--export', 'ada@example.com');
  await gpg(
    '--passphrase',
    '',
    '--faked-system-time',
    '20200101T000000!',
    '--quick-generate-key',
    'Old <old@example.com>',
    'ed25519',
    'sign',
    '1d',
  );
  secrets.GPG_OLD = await gpg('--armor', '--export-secret-keys', 'old@example.com');
  await gpg('--passphrase', 'hunter2', '--quick-generate-key', 'Eve <eve@example.com>', 'ed25519', 'sign', 'never');
  secrets.GPG_LOCKED = await gpg('--passphrase', 'hunter2', '--armor', '--export-secret-keys', 'eve@example.com');
  // A key whose primary part is elsewhere, as its careful owner gives it away.
  await gpg('--passphrase', '', '--quick-generate-key', 'Bob <bob@example.com>', 'ed25519', 'cert', 'never');
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(await gpg('--with-colons', '--list-keys', 'bob@example.com'))?.[1];
  await gpg('--passphrase', '', '--quick-add-key', fingerprint ?? '', 'ed25519', 'sign', 'never');
  secrets.GPG_SUBKEY = await gpg('--armor', '--export-secret-subkeys', 'bob@example.com');
  secrets.GPG_SUBKEY_PUBLIC = await gpg('--armor', '--export', 'bob@example.com');
});
afterAll(async () => {
  await run('gpgconf', ['--kill', 'all'], { environment: { GNUPGHOME: home } });
  await rm(home, { recursive: true, force: true });
});

function verified(url: string, mode: Source['verify']['mode'], key: string): Source {
  return source(url, { verify: { mode, keys: [{ env: key }] } });
}

async function agents(): Promise<string[]> {
  const lines = (await run('ps', ['-eo', 'args'])).split('\n');
  return lines.filter((line) => line.includes('gpg-agent') && line.includes('/git/jobs/'));
}

it.each(['SSH', 'PEM', 'GPG', 'GPG_SUBKEY'])('a commit that is signed with %s is one that we verify', async (key) => {
  const repository = await createRepository(await temporaryFolder());
  await repository.commit({ 'a.yaml': '1' });
  const { git, writer, scratch } = await testGit({ secrets });
  const done = await writer.commit(writing(source(repository.url), { 'a.yaml': '2' }, { sign: { env: key } }));
  const from = verified(repository.url, 'head', `${key}_PUBLIC`);
  await using checkout = await checkOut(git, from, done?.commit ?? '', { submodules: false });
  expect(checkout.commit).toBe(done?.commit);
  expect((await readdir(scratch, { recursive: true })).filter((path) => /keys|private|gpg/.test(path))).toEqual([]);
  expect(await agents()).toEqual([]);
});

it('a signed commit goes onto a head that is verified, and after it history is verified too', async () => {
  const repository = await createRepository(await temporaryFolder());
  await repository.commit({ 'a.yaml': '1' }, { sign: { format: 'ssh', keyFile: join(home, 'ada') } });
  const { git, writer } = await testGit({ secrets });
  const from = verified(repository.url, 'all', 'SSH_PUBLIC');
  const done = await writer.commit(writing(from, { 'a.yaml': '2' }, { sign: { env: 'SSH' } }));
  await using checkout = await checkOut(git, from, done?.commit ?? '', { submodules: false });
  expect(checkout.commit).toBe(done?.commit);
});

it('nothing is written onto a head that is not verified', async () => {
  const repository = await createRepository(await temporaryFolder());
  const head = await repository.commit({ 'a.yaml': '1' });
  const { writer } = await testGit({ secrets });
  const from = verified(repository.url, 'all', 'SSH_PUBLIC');
  const failure = await failureOf(writer.commit(writing(from, { 'a.yaml': '2' }, { sign: { env: 'SSH' } })));
  expect(failure).toMatchObject({ fault: 'user', code: 'NotVerified' });
  expect(failure.message).toBe(`Cannot verify commit ${head} of "${repository.url}": it has no signature`);
});

it('a branch that is verified gets no commit without a signature', async () => {
  const repository = await createRepository(await temporaryFolder());
  const { writer } = await testGit({ secrets });
  const from = verified(repository.url, 'head', 'SSH_PUBLIC');
  const failure = await failureOf(writer.commit(writing(from, { 'a.yaml': '2' })));
  expect(failure.message).toBe(
    `Cannot commit to "main" of "${repository.url}": source.verify wants signatures, and there is no key to sign with`,
  );
  expect(failure.help).toMatch(/^Set automation.sign/);
});

const passphrase = 'its key has a passphrase, which nobody is there to enter';

it.each([
  ['SSH_LOCKED', passphrase],
  ['PEM_LOCKED', passphrase],
  ['PKCS8_LOCKED', passphrase],
  ['GPG_LOCKED', passphrase],
  ['SSH_PUBLIC', 'it holds neither an OpenPGP nor an SSH private key'],
  ['GPG_PUBLIC', 'it holds neither an OpenPGP nor an SSH private key'],
  ['SSH_BROKEN', 'ssh-keygen does not take its key'],
  ['GPG_OLD', 'gpg does not sign with its key: it has expired, or is not for signing'],
  ['GPG_BROKEN', 'gpg does not take its key'],
])('%s signs nothing, and nothing is pushed', async (key, state) => {
  secrets.SSH_BROKEN = '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n';
  secrets.GPG_BROKEN = '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nhunter2\n-----END PGP PRIVATE KEY BLOCK-----\n';
  const repository = await createRepository(await temporaryFolder());
  const head = await repository.commit({ 'a.yaml': '1' });
  const { writer, scratch } = await testGit({ secrets });
  const failure = await failureOf(
    writer.commit(writing(source(repository.url), { 'a.yaml': '2' }, { sign: { env: key } })),
  );
  expect(failure).toMatchObject({ fault: 'user', code: 'SigningKey' });
  expect(failure.message).toBe(`Cannot sign commits with the secret { env: ${key} }: ${state}`);
  expect(await run('git', ['--git-dir', repository.bare, 'rev-parse', 'main'])).toBe(head);
  expect(await readdir(join(scratch, 'git/jobs'))).toEqual([]);
  expect(await agents()).toEqual([]);
});

it('a scratch folder in which no socket fits is said to be too deep', async () => {
  const scratch = join(await temporaryFolder(), 'x'.repeat(60));
  const repository = await createRepository(await temporaryFolder());
  await repository.commit({ 'a.yaml': '1' });
  const { writer } = await testGit({ secrets, scratch });
  const request = writing(source(repository.url), { 'a.yaml': '2' }, { sign: { env: 'GPG' } });
  expect((await failureOf(writer.commit(request))).message).toMatch(/too long for a socket in it$/);
});

it.each(['SSH', 'GPG'])(
  'nothing of the key %s or the token is in the arguments or the environment of a program',
  async (key) => {
    const folder = await temporaryFolder();
    const log = join(folder, 'log');
    await mkdir(join(folder, 'bin'));
    for (const program of ['git', 'gpg', 'gpg-agent', 'ssh-keygen']) {
      const script = `#!/bin/sh\n{ echo "$0 $*"; env; } >>${log}\nexec /usr/bin/${program} "$@"\n`;
      await writeFile(join(folder, 'bin', program), script, { mode: 0o755 });
    }
    await using here = await world();
    await here.repository.commit({ 'a.yaml': '1' });
    const all = { ...secrets, TOKEN: password };
    const { writer } = await testGit({ secrets: all, path: `${folder}/bin:/usr/local/bin:/usr/bin:/bin` });
    expect(await writer.commit(writing(here.source, { 'a.yaml': '2' }, { sign: { env: key } }))).toBeDefined();
    const seen = await readFile(log, 'utf8');
    expect(seen).toContain('commit-tree');
    const lines = [password, ...(secrets[key] ?? '').split('\n').filter((line) => line.length > 20)];
    for (const line of lines) expect(seen).not.toContain(line);
  },
);
