import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRepository, type Repository } from '../../parts/repository.ts';
import { run } from '../../parts/run.ts';
import { type Sshd, startSshd } from '../../parts/sshd.ts';
import { checkOut, filesIn, source, temporaryFolder, testGit, world, writing } from './shared.ts';

const secrets = { KEY: '' };
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
  secrets.KEY = sshd.privateKey;
});
afterAll(() => sshd[Symbol.asyncDispose]());

async function inBare({ bare }: Repository, ...args: string[]): Promise<string> {
  return await run('git', ['--git-dir', bare, ...args]);
}

it('a commit over HTTP changes the one line and nothing else, with author, committer, time and message as given', async () => {
  await using here = await world({ clock: () => 1_700_000_000_123 });
  const parent = await here.repository.commit({
    'apps/shop.yaml': 'image: shop:1\nreplicas: 2\n',
    'README.md': 'read me',
  });
  const message = 'Auto-release multiple (2) images\n\n - a:1\n - ä:2\n';
  const done = await here.test.writer.commit({
    ...writing({ ...here.source, paths: ['apps'] }, {}),
    async change(checkout) {
      const text = await readFile(join(await checkout.write(), 'apps/shop.yaml'), 'utf8');
      expect(checkout.commit).toBe(parent);
      return { files: new Map([['apps/shop.yaml', text.replace('shop:1', 'shop:2')]]), message };
    },
  });
  const commit = await inBare(here.repository, 'rev-parse', 'main');
  expect(done).toEqual({ commit, parent, branch: 'main' });
  expect(await inBare(here.repository, 'cat-file', 'commit', commit)).toBe(
    [
      `tree ${await inBare(here.repository, 'rev-parse', 'main^{tree}')}`,
      `parent ${parent}`,
      'author Sluice <sluice@example.com> 1700000000 +0000',
      'committer Sluice <sluice@example.com> 1700000000 +0000',
      '',
      message.trimEnd(),
    ].join('\n'),
  );
  const changed = await inBare(here.repository, 'diff', '--numstat', parent, commit);
  expect(changed).toBe('1\t1\tapps/shop.yaml');
  await inBare(here.repository, 'fsck', '--strict');
});

it('a commit goes over SSH with a deploy key', async () => {
  const repository = await createRepository(await temporaryFolder());
  const parent = await repository.commit({ 'a.yaml': '1' });
  const { writer } = await testGit({ secrets, allowLocal: false });
  const from = source(`ssh://${sshd.login}:${sshd.port}${repository.bare}`, {
    auth: { sshKey: { env: 'KEY' }, knownHosts: sshd.knownHosts },
  });
  const done = await writer.commit(writing(from, { 'a.yaml': '2' }));
  expect(done).toEqual({ commit: await inBare(repository, 'rev-parse', 'main'), parent, branch: 'main' });
  expect(await inBare(repository, 'show', 'main:a.yaml')).toBe('2');
});

it('a commit goes to a file address, and one that follows is made of what the first one left', async () => {
  const repository = await createRepository(await temporaryFolder());
  await repository.commit({ 'a.yaml': '1', 'b.yaml': '1' });
  const { writer } = await testGit();
  const first = await writer.commit(writing(source(repository.url), { 'a.yaml': '2' }));
  const second = await writer.commit(writing(source(repository.url), { 'b.yaml': '2' }));
  expect(second?.parent).toBe(first?.commit);
  expect(await inBare(repository, 'show', 'main:a.yaml', 'main:b.yaml')).toBe('22');
});

it('modes, links and submodules stay, and a file that is not there is added with its folders', async () => {
  await using here = await world();
  const { repository } = here;
  await repository.commit({ 'run.sh': 'echo 1', 'to/run.sh': { link: '../run.sh' }, 'a b/ü"\\.yaml': '1' });
  await repository.git('update-index', '--chmod=+x', 'run.sh');
  const link = `160000,${'1'.repeat(40)},module`;
  await repository.git('update-index', '--add', '--cacheinfo', link);
  await repository.git('commit', '-q', '-m', 'modes');
  await repository.git('push', '-q', repository.bare, 'HEAD:refs/heads/main');
  const files = { 'run.sh': 'echo 2', 'a b/ü"\\.yaml': '2', 'new/er/file.yaml': 'n' };
  expect(await here.test.writer.commit(writing(here.source, files))).toBeDefined();
  const lines = (await inBare(repository, '-c', 'core.quotePath=false', 'ls-tree', '-r', '-z', 'main')).split('\0');
  expect(lines.slice(0, -1).map((line) => line.replace(/ .*\t/, ' '))).toEqual([
    '100644 a b/ü"\\.yaml',
    '160000 module',
    '100644 new/er/file.yaml',
    '100755 run.sh',
    '120000 to/run.sh',
  ]);
  expect(await inBare(repository, 'show', 'main:run.sh')).toBe('echo 2');
});

it('nothing to commit, and what is there already, is no commit', async () => {
  await using here = await world();
  const head = await here.repository.commit({ 'a.yaml': '1' });
  const { writer } = here.test;
  expect(await writer.commit({ ...writing(here.source, {}), change: async () => undefined })).toBeUndefined();
  expect(await writer.commit(writing(here.source, {}))).toBeUndefined();
  expect(await writer.commit(writing(here.source, { 'a.yaml': '1' }))).toBeUndefined();
  expect(await inBare(here.repository, 'rev-parse', 'main')).toBe(head);
  expect(here.server.requests.filter((line) => line.includes('receive-pack'))).toEqual([]);
});

it('contents of other files are neither fetched nor sent', async () => {
  await using here = await world();
  await here.repository.commit({ 'apps/a.yaml': '1', 'other/large.bin': Buffer.alloc(300_000, 'x') });
  expect(
    await here.test.writer.commit(writing({ ...here.source, paths: ['apps'] }, { 'apps/a.yaml': '2' })),
  ).toBeDefined();
  const blob = await inBare(here.repository, 'rev-parse', 'main:other/large.bin');
  const [cache = ''] = (await readdir(join(here.test.scratch, 'git/caches'))).filter((name) => name.endsWith('.git'));
  const objects = await run('git', [
    '--git-dir',
    join(here.test.scratch, 'git/caches', cache),
    'cat-file',
    '--batch-all-objects',
    '--batch-check',
  ]);
  expect(objects).not.toContain(blob);
  expect(objects).toContain(await inBare(here.repository, 'rev-parse', 'main'));
});

it('a server that gives only whole branches is written to', async () => {
  await using here = await world();
  await here.repository.commit({ 'apps/a.yaml': '1', 'b.yaml': '1' });
  await here.repository.configure('uploadpack.allowFilter', 'false');
  await here.repository.configure('uploadpack.allowAnySHA1InWant', 'false');
  here.server.protocol = 0;
  const from = { ...here.source, paths: ['apps'] };
  for (const text of ['2', '3'])
    expect(await here.test.writer.commit(writing(from, { 'apps/a.yaml': text }))).toBeDefined();
  expect(await inBare(here.repository, 'rev-list', '--count', 'main')).toBe('3');
  await inBare(here.repository, 'fsck', '--strict');
});

it('the sync that the push brings about asks for the head and fetches nothing', async () => {
  await using here = await world({ clock: Date.now });
  const from = { ...here.source, paths: ['apps'] };
  const first = await here.repository.commit({ 'apps/a.yaml': '1', 'apps/b.yaml': '1' });
  const { git, writer } = here.test;
  await (await checkOut(git, from, first, { submodules: false }))[Symbol.asyncDispose]();
  const done = await writer.commit(writing(from, { 'apps/a.yaml': '2' }));
  here.server.requests.splice(0);
  expect(await git.head(from, { since: Date.now() })).toBe(done?.commit);
  const asked = here.server.requests.splice(0).filter((line) => line.startsWith('POST')).length;
  await using checkout = await checkOut(git, from, done?.commit ?? '', { submodules: false });
  expect(await readFile(join(await checkout.write(), 'apps/a.yaml'), 'utf8')).toBe('2');
  expect(await filesIn(await checkout.write())).toEqual(['apps/a.yaml', 'apps/b.yaml']);
  expect([asked, here.server.requests.length]).toEqual([2, 0]);
});

it('nothing of a job stays, and the credential is not there while the change is made', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '1' });
  let beside: string[] = [];
  await here.test.writer.commit({
    ...writing(here.source, {}),
    async change(checkout) {
      await checkout.write();
      beside = await readdir(join(here.test.scratch, 'git/jobs'), { recursive: true });
      return { files: new Map([['a.yaml', '2']]), message: 'm' };
    },
  });
  expect(beside.filter((path) => /credentials|password/.test(path))).toEqual([]);
  expect(await readdir(join(here.test.scratch, 'git/jobs'))).toEqual([]);
});
