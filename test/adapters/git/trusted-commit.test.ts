import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Source } from '../../../lib/domain/settings/settings.ts';
import { createRepository, type Signer } from '../../parts/repository.ts';
import { run } from '../../parts/run.ts';
import { createSshKey } from '../../parts/sshd.ts';
import { checkOut, failureOf, filesIn, source, temporaryFolder, testGit } from './shared.ts';

let home: string;
let signers: { ssh: Signer; strangerSsh: Signer; gpg: Signer; strangerGpg: Signer };
const secrets: Record<string, string> = {};

beforeAll(async () => {
  // A short path: the socket of gpg-agent lies in it.
  home = await mkdtemp(join(tmpdir(), 'keys-'));
  for (const name of ['ada', 'eve']) await createSshKey(join(home, name));
  secrets.SSH = await readFile(join(home, 'ada.pub'), 'utf8');
  const keys: string[] = [];
  for (const name of ['Ada', 'Eve']) {
    const id = `${name} <${name.toLowerCase()}@example.com>`;
    const environment = { GNUPGHOME: home };
    await run('gpg', ['--batch', '--quiet', '--passphrase', '', '--quick-generate-key', id, 'ed25519', 'sign'], {
      environment,
    });
    keys.push(id);
    secrets[`GPG_${name.toUpperCase()}`] = await run('gpg', ['--batch', '--armor', '--export', id], { environment });
  }
  signers = {
    ssh: { format: 'ssh', keyFile: join(home, 'ada') },
    strangerSsh: { format: 'ssh', keyFile: join(home, 'eve') },
    gpg: { format: 'openpgp', key: 'ada@example.com', home },
    strangerGpg: { format: 'openpgp', key: 'eve@example.com', home },
  };
});
afterAll(async () => {
  await run('gpgconf', ['--kill', 'all'], { environment: { GNUPGHOME: home } });
  await rm(home, { recursive: true, force: true });
});

const bothKeys = [{ env: 'GPG_ADA' }, { env: 'SSH' }];

function verified(url: string, mode: Source['verify']['mode'], keys = bothKeys): Source {
  return source(url, { verify: { mode, keys } });
}

async function setUp() {
  const repository = await createRepository(await temporaryFolder());
  const { git, scratch } = await testGit({ secrets });
  async function sync(mode: Source['verify']['mode'], commit: string, verifiedUpTo?: string) {
    const options = { submodules: false, ...(verifiedUpTo === undefined ? {} : { verifiedUpTo }) };
    await using checkout = await checkOut(git, verified(repository.url, mode), commit, options);
    return { commit: checkout.commit, refused: checkout.refused, files: await filesIn(await checkout.write()) };
  }
  return { repository, git, scratch, sync };
}

it.each(['gpg', 'ssh'] as const)('head: a commit with a good %s signature is checked out', async (kind) => {
  const { repository, sync } = await setUp();
  await repository.commit({ 'a.yaml': '1' });
  const commit = await repository.commit({ 'a.yaml': '2' }, { sign: signers[kind] });
  expect(await sync('head', commit)).toEqual({ commit, refused: undefined, files: ['a.yaml'] });
});

it.each([
  ['nobody', undefined, 'it has no signature'],
  ['a strange GPG key', 'strangerGpg', 'its signature is by a key that is not among verify.keys'],
  ['a strange SSH key', 'strangerSsh', 'its signature is by a key that is not among verify.keys'],
] as const)('head: a commit signed by %s is refused', async (_who, signer, reason) => {
  const { repository, sync } = await setUp();
  await repository.commit({ 'a.yaml': '1' }, { sign: signers.ssh });
  const commit = await repository.commit({ 'a.yaml': '2' }, signer === undefined ? {} : { sign: signers[signer] });
  const failure = await failureOf(sync('head', commit));
  expect(failure.fault).toBe('user');
  expect(failure.code).toBe('NotVerified');
  expect(failure.message).toBe(`Cannot verify commit ${commit} of "${repository.url}": ${reason}`);
});

it('head: a signature of another text is refused', async () => {
  const { repository, sync } = await setUp();
  const signed = await repository.commit({ 'a.yaml': '1' }, { sign: signers.gpg, message: 'harmless' });
  const forged = (await repository.git('cat-file', 'commit', signed)).replace('harmless', 'harmful!');
  const commit = await run('sh', [
    '-c',
    `git -C '${repository.work}' hash-object -w -t commit --stdin <<'EOF'\n${forged}\nEOF`,
  ]);
  await repository.git('push', '-q', '--force', repository.bare, `${commit}:refs/heads/main`);
  expect((await failureOf(sync('head', commit))).message).toMatch(/: its signature is bad$/);
});

it.each(['all', 'first-parent'] as const)('%s: up to the last good commit before the first bad one', async (mode) => {
  const { repository, sync } = await setUp();
  const first = await repository.commit({ 'a.yaml': '1' }, { sign: signers.gpg });
  const second = await repository.commit({ 'b.yaml': '1' }, { sign: signers.ssh });
  expect((await sync(mode, second)).commit).toBe(second);

  const bad = await repository.commit({ 'c.yaml': '1' });
  const afterwards = await repository.commit({ 'd.yaml': '1' }, { sign: signers.gpg });
  const refused = { commit: bad, reason: 'it has no signature' };
  expect(await sync(mode, afterwards, first)).toEqual({ commit: second, refused, files: ['a.yaml', 'b.yaml'] });
  expect(await sync(mode, afterwards, second)).toEqual({ commit: second, refused, files: ['a.yaml', 'b.yaml'] });
});

it('an unsigned side branch stops mode all and not first-parent', async () => {
  const { repository, sync } = await setUp();
  const base = await repository.commit({ 'a.yaml': '1' }, { sign: signers.ssh });
  const side = await repository.commit({ 'side.yaml': '1' }, { branch: 'side' });
  const line = await repository.commit({ 'b.yaml': '1' }, { branch: 'main', sign: signers.ssh });
  const key = signers.ssh.format === 'ssh' ? signers.ssh.keyFile : '';
  const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key}`];
  await repository.git(...signing, 'merge', '-q', '-S', '--no-ff', '-m', 'merge', 'side');
  await repository.git('push', '-q', repository.bare, 'HEAD:refs/heads/main');
  const merge = await repository.git('rev-parse', 'HEAD');

  const refused = { commit: side, reason: 'it has no signature' };
  expect(await sync('all', merge, base)).toEqual({ commit: line, refused, files: ['a.yaml', 'b.yaml'] });
  expect((await sync('first-parent', merge, base)).commit).toBe(merge);
  // What came in by a merge was not verified: it does not become the head by a force push.
  expect((await failureOf(sync('first-parent', side, merge))).message).toMatch(/the history was rewritten/);
});

it('first-parent: an unsigned line is not verified by having been merged before', async () => {
  const { repository, sync } = await setUp();
  const key = signers.ssh.format === 'ssh' ? signers.ssh.keyFile : '';
  const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key}`];
  async function merge(from: string): Promise<string> {
    await repository.git(...signing, 'merge', '-q', '-S', '--no-ff', '-m', 'merge', from);
    await repository.git('push', '-q', '--force', repository.bare, 'HEAD:refs/heads/main');
    return await repository.git('rev-parse', 'HEAD');
  }
  const base = await repository.commit({ 'a.yaml': '1' }, { sign: signers.ssh });
  const side = await repository.commit({ 'side.yaml': '1' }, { branch: 'side' });
  await repository.commit({ 'b.yaml': '1' }, { branch: 'main', sign: signers.ssh });
  const known = await merge('side');
  expect((await sync('first-parent', known, base)).commit).toBe(known);
  // The merge the other way round: what was the side is now the line.
  await repository.git('checkout', '-q', 'side');
  await repository.commit({ 'c.yaml': '1' }, { branch: 'side', sign: signers.ssh });
  const turned = await merge('main');
  const refused = { commit: side, reason: 'it has no signature' };
  expect(await sync('first-parent', turned, known)).toMatchObject({ commit: known, refused });
});

it('the first time all history is judged, and one that began to sign later is synced once with head', async () => {
  const { repository, sync } = await setUp();
  const root = await repository.commit({ 'a.yaml': '1' });
  const signed = await repository.commit({ 'a.yaml': '2' }, { sign: signers.gpg });
  const failure = await failureOf(sync('all', signed));
  expect(failure.message).toBe(`Cannot verify commit ${root} of "${repository.url}": it has no signature`);
  expect(failure.help).toMatch(/once with verify.mode head/);
  expect((await sync('head', signed)).commit).toBe(signed);
  const next = await repository.commit({ 'a.yaml': '3' }, { sign: signers.gpg });
  expect((await sync('all', next, signed)).commit).toBe(next);
});

it.each(['all', 'first-parent'] as const)('%s: a force push back to an old signed commit is refused', async (mode) => {
  const { repository, sync } = await setUp();
  const old = await repository.commit({ 'a.yaml': '1' }, { sign: signers.ssh });
  const newest = await repository.commit({ 'a.yaml': '2' }, { sign: signers.ssh });
  expect((await sync(mode, newest, old)).commit).toBe(newest);
  const failure = await failureOf(sync(mode, old, newest));
  expect(failure.fault).toBe('user');
  expect(failure.message).toBe(
    `Cannot verify commit ${old} of "${repository.url}": the history was rewritten, ${newest}, which was verified before, is not part of it`,
  );
});

it('the key that verified the last commit must still be listed', async () => {
  const { repository, git } = await setUp();
  const first = await repository.commit({ 'a.yaml': '1' }, { sign: signers.strangerGpg });
  const next = await repository.commit({ 'a.yaml': '2' }, { sign: signers.gpg });
  const from = verified(repository.url, 'all', [{ env: 'GPG_ADA' }]);
  const failure = await failureOf(checkOut(git, from, next, { submodules: false, verifiedUpTo: first }));
  expect(failure.message).toMatch(`Cannot verify commit ${first} of`);
});

it('keys that are none, and no keys, are named', async () => {
  const { repository, git } = await setUp();
  const commit = await repository.commit({ 'a.yaml': '1' }, { sign: signers.gpg });
  const request = { submodules: false };
  expect((await failureOf(checkOut(git, verified(repository.url, 'head', []), commit, request))).message).toBe(
    'Cannot verify signatures: verify.keys is empty',
  );
  secrets.JUNK = 'hunter2';
  const failure = await failureOf(checkOut(git, verified(repository.url, 'head', [{ env: 'JUNK' }]), commit, request));
  expect(failure.message).toBe(
    'Cannot verify signatures: the secret { env: JUNK } holds neither OpenPGP nor SSH public keys',
  );
  secrets.JUNK = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nhunter2\n-----END PGP PUBLIC KEY BLOCK-----\n';
  const refused = await failureOf(checkOut(git, verified(repository.url, 'head', [{ env: 'JUNK' }]), commit, request));
  expect(refused.message).toBe('Cannot verify signatures: gpg does not take the keys in the secret { env: JUNK }');
});
