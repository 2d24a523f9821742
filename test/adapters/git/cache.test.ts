import { randomBytes } from 'node:crypto';
import { readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type GitHttp, startGitHttp } from '../../parts/git-http.ts';
import { createRepository, type Repository } from '../../parts/repository.ts';
import { checkOut, failureOf, filesIn, source, type TestGit, temporaryFolder, testGit } from './shared.ts';

const request = { submodules: false };

async function caches(scratch: string): Promise<string[]> {
  const folder = join(scratch, 'git/caches');
  return (await readdir(folder)).map((name) => join(folder, name)).sort();
}

async function packs(cache: string): Promise<string[]> {
  const folder = join(cache, 'objects/pack');
  return (await readdir(folder)).filter((name) => name.endsWith('.pack')).map((name) => join(folder, name));
}

async function checkedOut({ git }: TestGit, url: string, commit: string, paths = ['.']): Promise<string[]> {
  await using checkout = await checkOut(git, source(url, { paths }), commit, request);
  expect(checkout.commit).toBe(commit);
  return await filesIn(await checkout.write());
}

async function setUp(): Promise<
  { repository: Repository; server: GitHttp; url: string; test: TestGit } & AsyncDisposable
> {
  const root = await temporaryFolder();
  const repository = await createRepository(root, 'shop');
  const server = await startGitHttp({ root });
  const test = await testGit();
  return {
    repository,
    server,
    url: `${server.url}/shop.git`,
    test,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const exchanges = (server: GitHttp) => server.requests.filter((line) => line.startsWith('POST')).length;

it('what is here is not fetched again, and what is new comes alone', async () => {
  await using world = await setUp();
  const { repository, server, url, test } = world;
  const first = await repository.commit({
    'a.yaml': '1',
    'b.bin': randomBytes(60_000),
  });
  expect(await checkedOut(test, url, first)).toEqual(['a.yaml', 'b.bin']);
  const before = server.requests.length;
  expect(await checkedOut(test, url, first)).toEqual(['a.yaml', 'b.bin']);
  expect(server.requests.length).toBe(before);

  const second = await repository.commit({ 'a.yaml': '2' });
  expect(await checkedOut(test, url, second)).toEqual(['a.yaml', 'b.bin']);
  const [cache = ''] = await caches(test.scratch);
  const sizes = await Promise.all((await packs(cache)).map(async (file) => (await readFile(file)).length));
  expect(Math.min(...sizes)).toBeLessThan(1000);
});

it('a history that was rewritten is followed', async () => {
  await using world = await setUp();
  const { repository, url, test } = world;
  const old = await repository.commit({ 'a.yaml': '1' });
  await checkedOut(test, url, old);
  await repository.git('checkout', '-q', '--orphan', 'fresh');
  await repository.git('branch', '-D', 'main');
  const rewritten = await repository.commit({ 'z.yaml': '1', 'a.yaml': null }, { branch: 'main' });
  expect(await test.git.head(source(url))).toBe(rewritten);
  expect(await checkedOut(test, url, rewritten)).toEqual(['z.yaml']);
});

it('two checkouts of one cache at different commits do not see each other', async () => {
  await using world = await setUp();
  const { repository, url, test } = world;
  const commits = [];
  for (let round = 0; round < 4; round++) commits.push(await repository.commit({ [`${round}.yaml`]: `${round}` }));
  const found = await Promise.all(commits.map((commit) => checkedOut(test, url, commit)));
  expect(found.map((files) => files.length)).toEqual([1, 2, 3, 4]);
});

it('what a killed git left in the cache is removed', async () => {
  await using world = await setUp();
  const { repository, url, test } = world;
  await checkedOut(test, url, await repository.commit({ 'a.yaml': '1' }));
  const [cache = ''] = await caches(test.scratch);
  await writeFile(join(cache, 'not-cloned-anew'), '');
  await writeFile(join(cache, 'shallow.lock'), '');
  await writeFile(join(cache, 'config.lock'), '');
  await writeFile(join(cache, 'objects/pack/tmp_pack_abc'), 'half');
  await writeFile(`${cache}.lock`, '1-1-dead');
  expect(await checkedOut(test, url, await repository.commit({ 'b.yaml': '1' }))).toEqual(['a.yaml', 'b.yaml']);
  expect(await readdir(cache)).toContain('not-cloned-anew');
  expect(await readdir(cache)).not.toContain('shallow.lock');
  expect(await readdir(join(cache, 'objects/pack'))).not.toContain('tmp_pack_abc');
  expect(await caches(test.scratch)).toEqual([cache]);
});

it.each([
  ['a pack cut short', async (cache: string) => await truncate((await packs(cache))[0] ?? '', 20)],
  ['a shallow file of nonsense', (cache: string) => writeFile(join(cache, 'shallow'), 'nonsense\n')],
  ['a configuration of nonsense', (cache: string) => writeFile(join(cache, 'config'), '[[[')],
  ['no HEAD', (cache: string) => writeFile(join(cache, 'HEAD'), '')],
])('a cache that git refuses is cloned anew: %s', async (_what, damage) => {
  await using world = await setUp();
  const { repository, url, test } = world;
  await checkedOut(test, url, await repository.commit({ 'a.yaml': '1' }));
  await damage((await caches(test.scratch))[0] ?? '');
  expect(await checkedOut(test, url, await repository.commit({ 'b.yaml': '1' }))).toEqual(['a.yaml', 'b.yaml']);
});

it('a new cache that git refuses is not tried for ever', async () => {
  await using world = await setUp();
  const { repository, url, test } = world;
  const commit = await repository.commit({ 'a.yaml': '1' });
  const [pack = ''] = await packs(repository.bare);
  if (pack !== '') await truncate(pack, 20);
  const objects = join(repository.bare, 'objects', commit.slice(0, 2));
  for (const name of await readdir(objects)) await writeFile(join(objects, name), 'nonsense').catch(() => undefined);
  const failure = await failureOf(checkedOut(test, url, commit));
  expect(failure.fault).toBe('server');
});

it.each([
  ['no filter', { 'uploadpack.allowFilter': 'false' }, 2],
  ['no commits by their id', { 'uploadpack.allowAnySHA1InWant': 'false' }, 0],
  ['neither', { 'uploadpack.allowFilter': 'false', 'uploadpack.allowAnySHA1InWant': 'false' }, 0],
] as const)('a server that offers %s is read all the same', async (_what, config, protocol) => {
  await using world = await setUp();
  const { repository, server, url, test } = world;
  for (const [key, value] of Object.entries(config)) await repository.configure(key, value);
  server.protocol = protocol;
  const first = await repository.commit({ 'shop/a.yaml': '1', 'other/b.yaml': '1' });
  expect(await checkedOut(test, url, first, ['shop'])).toEqual(['shop/a.yaml']);
  const second = await repository.commit({ 'shop/a.yaml': '2' });
  expect(await checkedOut(test, url, second, ['shop'])).toEqual(['shop/a.yaml']);
  expect(await checkedOut(test, url, second)).toEqual(['other/b.yaml', 'shop/a.yaml']);
});

it.each([0, 2] as const)('a commit that is no longer there is said with a code, protocol %i', async (protocol) => {
  await using world = await setUp();
  const { repository, server, url, test } = world;
  await repository.configure('uploadpack.allowAnySHA1InWant', 'false');
  server.protocol = protocol;
  await repository.commit({ 'a.yaml': '1' });
  const failure = await failureOf(checkedOut(test, url, '1'.repeat(40)));
  expect(failure.fault).toBe('server');
  expect(failure.code).toBe('Moved');
});

it('only what a fetch brings of the paths comes from a server with filters', async () => {
  await using world = await setUp();
  const { repository, url, test } = world;
  const large = randomBytes(60_000);
  const commit = await repository.commit({ 'shop/a.yaml': '1', 'other/large.bin': large });
  await checkedOut(test, url, commit, ['shop']);
  const [cache = ''] = await caches(test.scratch);
  const sizes = await Promise.all((await packs(cache)).map(async (file) => (await readFile(file)).length));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(5000);
});

it('the caches keep to their bound, the least recently used go first', async () => {
  const root = await temporaryFolder();
  const test = await testGit({ cacheBytes: 150_000 });
  const commits = [];
  for (const name of ['a', 'b', 'c']) {
    const repository = await createRepository(root, name);
    const large = randomBytes(60_000);
    commits.push({ url: repository.url, commit: await repository.commit({ 'large.bin': large }) });
  }
  const names: string[] = [];
  for (const { url, commit } of commits) {
    await checkedOut(test, url, commit);
    names.push(...(await caches(test.scratch)).filter((name) => !names.includes(name)));
    if (names.length === 2) await utimes(names[0] ?? '', new Date(2020, 1), new Date(2020, 1));
  }
  expect(await caches(test.scratch)).toEqual(names.slice(1).sort());
});

it('one cache larger than the bound still gives its checkout', async () => {
  const repository = await createRepository(await temporaryFolder());
  const commit = await repository.commit({ 'a.yaml': '1' });
  const test = await testGit({ cacheBytes: 10 });
  expect(await checkedOut(test, repository.url, commit)).toEqual(['a.yaml']);
  expect(await caches(test.scratch)).toEqual([]);
});

it('a cache of many fetches is begun anew', async () => {
  await using world = await setUp();
  const { repository, url, test } = world;
  await checkedOut(test, url, await repository.commit({ 'a.yaml': '1' }));
  const [cache = ''] = await caches(test.scratch);
  for (let count = 0; count < 64; count++) await writeFile(join(cache, `objects/pack/pack-${count}.pack`), '');
  expect(await checkedOut(test, url, await repository.commit({ 'b.yaml': '1' }))).toEqual(['a.yaml', 'b.yaml']);
  expect((await packs(cache)).length).toBeLessThan(3);
  expect(exchanges(world.server)).toBeGreaterThan(0);
});
