import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { absoluteUrl } from '../../../lib/adapters/git/submodules.ts';
import { type GitHttp, startGitHttp } from '../../parts/git-http.ts';
import { createRepository, type Repository } from '../../parts/repository.ts';
import { checkOut, failureOf, filesIn, source, temporaryFolder, testGit } from './shared.ts';

let server: GitHttp | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

it.each([
  ['https://host/team/app.git', '../lib.git', 'https://host/team/lib.git'],
  ['https://host/team/app.git/', '../../other/lib', 'https://host/other/lib'],
  ['https://host/team/app', './lib', 'https://host/team/app/lib'],
  ['git@host:team/app.git', '../lib.git', 'git@host:team/lib.git'],
  ['git@host:app.git', '../lib.git', 'git@host:lib.git'],
  ['https://host/team/app.git', 'https://other/lib.git', 'https://other/lib.git'],
])('of %s, %s is %s', (parent, url, expected) => {
  expect(absoluteUrl(parent, url)).toBe(expected);
});

/** Adds `commit` of a repository at `path`, with this address in .gitmodules. */
async function addSubmodule(to: Repository, path: string, url: string, commit: string): Promise<string> {
  await addGitlink(to, path, commit);
  const text = `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`;
  return await to.commit({ '.gitmodules': text });
}

async function addGitlink(to: Repository, path: string, commit: string): Promise<void> {
  await mkdir(join(to.work, path), { recursive: true });
  await to.git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
}

async function setUp() {
  const root = await temporaryFolder();
  const [shop, library] = [await createRepository(root, 'shop'), await createRepository(root, 'library')];
  const inside = await library.commit({ 'base.yaml': 'b: 1\n' });
  await library.commit({ 'base.yaml': 'b: 2\n' });
  await shop.commit({ 'app/app.yaml': 'a: 1\n' });
  server = await startGitHttp({ root, password: 'token' });
  const { git } = await testGit({ secrets: { TOKEN: 'token' } });
  const from = source(`${server.url}/shop.git`, { auth: { token: { env: 'TOKEN' } }, paths: ['app'] });
  return { shop, library, inside, git, from, server };
}

it('submodules are checked out when asked for, at their commit and with the credentials of the same server', async () => {
  const { shop, inside, git, from } = await setUp();
  const commit = await addSubmodule(shop, 'app/library', '../library.git', inside);
  await using without = await checkOut(git, from, commit, { submodules: false });
  expect(await filesIn(await without.write())).toEqual(['app/app.yaml']);
  await using checkout = await checkOut(git, from, commit, { submodules: true });
  expect(await filesIn(await checkout.write())).toEqual(['.gitmodules', 'app/app.yaml', 'app/library/base.yaml']);
  await using below = await checkOut(git, { ...from, paths: ['app/library'] }, commit, { submodules: true });
  expect(await filesIn(await below.write())).toContain('app/library/base.yaml');
});

it.each([
  ['file:///srv/library.git', /"file:\/\/\/srv\/library.git" is not http$/],
  ['ext::sh -c id', /it is neither https:\/\/ nor ssh:\/\/ nor user@host:path$/],
  ['https://user:hunter2@host/a.git', /it holds credentials$/],
])('a submodule at %s is refused', async (url, message) => {
  const { shop, inside, git, from } = await setUp();
  const commit = await addSubmodule(shop, 'app/library', url, inside);
  const failure = await failureOf(checkOut(git, from, commit, { submodules: true }));
  expect(failure.fault).toBe('user');
  expect(failure.message).toMatch(message);
  expect(failure.message).not.toMatch(/hunter2/);
});

it('a submodule on another server does not get the credentials', async () => {
  const { shop, inside, git, from } = await setUp();
  const asked: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  });
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
  });
  const commit = await addSubmodule(shop, 'app/library', `http://127.0.0.1:${port}/library.git`, inside);
  const failure = await failureOf(checkOut(git, from, commit, { submodules: true }));
  other.close();
  expect(failure.fault).toBe('user');
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter((header) => header !== undefined)).toEqual([]);
});

it('a submodule without an address is named', async () => {
  const { shop, inside, git, from } = await setUp();
  await addGitlink(shop, 'app/library', inside);
  const commit = await shop.commit({ '.gitmodules': '' });
  const failure = await failureOf(checkOut(git, from, commit, { submodules: true }));
  expect(failure.message).toBe('Cannot check out the submodule "app/library": .gitmodules has no url for it');
});
