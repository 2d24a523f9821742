import { afterEach, beforeEach, expect, it } from 'vitest';
import { createGit } from '../../../lib/adapters/git/git.ts';
import type { Source } from '../../../lib/domain/settings/settings.ts';
import { checkOut, filesIn, secretsFrom, temporaryFolder, type World, world } from './shared.ts';

const request = { submodules: false };
const apps = Array.from({ length: 20 }, (_, index) => `app-${index}`);
let shop: World;

beforeEach(async () => {
  shop = await world();
});
afterEach(async () => {
  await shop[Symbol.asyncDispose]();
});

/** One source for each app of the repository, and the git that knows of them all. */
async function fleet(clock?: () => number) {
  const sources = apps.map((app): Source => ({ ...shop.source, paths: [app] }));
  const readSecret = secretsFrom({ TOKEN: 'ghp_hunter2' });
  const scratch = await temporaryFolder();
  const git = createGit({ scratch, readSecret, allowLocal: false, sources, ...(clock && { clock }) });
  return { sources, git };
}

function contents(version: number): Record<string, string> {
  return Object.fromEntries(apps.map((app) => [`${app}/a.yaml`, `${app} ${version}`]));
}

/** Requests to the server since the last look, but those with which an exchange begins. */
function fetches(): number {
  return shop.server.requests.splice(0).filter((line) => line.startsWith('POST')).length;
}

/** Exchanges with the server since the last look. Each begins twice: without the credential, and with it. */
function exchanges(): number {
  return shop.server.requests.splice(0).filter((line) => line.startsWith('GET')).length / 2;
}

it('the targets of a repository that are synced at once cost two fetches, one of folders and one of all their files', async () => {
  const commit = await shop.repository.commit(contents(1));
  const { sources, git } = await fleet();
  const checkouts = await Promise.all(sources.map((source) => checkOut(git, source, commit, request)));
  for (const [index, checkout] of checkouts.entries()) {
    expect(await filesIn(await checkout.write())).toEqual([`${apps[index]}/a.yaml`]);
    await checkout[Symbol.asyncDispose]();
  }
  // Each exchange is one POST for the refs and one for the pack, but that of files, which knows what it wants.
  expect(fetches()).toBeLessThanOrEqual(4);
});

it('a commit that changes nothing of a target is told from its folders: the id stays, and no file is fetched or written', async () => {
  const first = await shop.repository.commit(contents(1));
  const { sources, git } = await fleet();
  const [one, other] = sources as [Source, Source];
  const ids: string[] = [];
  for (const source of [one, other]) {
    await using checkout = await checkOut(git, source, first, request);
    ids.push(checkout.treeId);
  }
  const second = await shop.repository.commit({ 'app-0/a.yaml': 'changed' });
  fetches();
  {
    await using checkout = await git.checkout(other, second, request);
    expect(checkout.treeId).toBe(ids[1]);
    expect(fetches()).toBeLessThanOrEqual(2);
  }
  await using changed = await git.checkout(one, second, request);
  expect(changed.treeId).not.toBe(ids[0]);
});

it('a commit that is known costs no exchange', async () => {
  const commit = await shop.repository.commit(contents(1));
  const { sources, git } = await fleet();
  const [source] = sources as [Source];
  const { treeId } = await using(checkOut(git, source, commit, request));
  fetches();
  expect((await using(git.checkout(source, commit, request))).treeId).toBe(treeId);
  expect(shop.server.requests).toEqual([]);
});

it('one question serves all targets that a delivery concerns, and a sweep asks anew', async () => {
  const commit = await shop.repository.commit(contents(1));
  const { sources, git } = await fleet(Date.now);
  const arrived = Date.now();
  exchanges();
  for (const source of sources) expect(await git.head(source, { since: arrived })).toBe(commit);
  expect(exchanges()).toBe(1);
  const next = await shop.repository.commit(contents(2));
  const [source] = sources as [Source];
  expect(await git.head(source)).toBe(next);
  expect(exchanges()).toBe(1);
});

it('after a push, known the repository or not, the head and its commit come in one exchange', async () => {
  const { sources, git } = await fleet(Date.now);
  const [source] = sources as [Source];
  const first = await shop.repository.commit(contents(1));
  exchanges();
  expect(await git.head(source, { since: Date.now() })).toBe(first);
  expect(exchanges()).toBe(1);
  expect((await using(git.checkout(source, first, request))).commit).toBe(first);
  // The files of the targets' paths.
  expect(exchanges()).toBe(1);
  const second = await shop.repository.commit({ 'README.md': 'nothing of the apps' });
  fetches();
  expect(await git.head(source, { since: Date.now() })).toBe(second);
  const asked = fetches();
  expect((await using(git.checkout(source, second, request))).commit).toBe(second);
  expect([asked, fetches()]).toEqual([2, 0]);
});

it('a branch that is gone since is said to be missing, with those that are there', async () => {
  const { sources, git } = await fleet(Date.now);
  const [source] = sources as [Source];
  await using(checkOut(git, source, await shop.repository.commit(contents(1)), request));
  await shop.repository.git('push', '-q', shop.repository.bare, 'HEAD:refs/heads/other');
  await shop.repository.git('--git-dir', shop.repository.bare, 'update-ref', '-d', 'refs/heads/main');
  const head = git.head(source, { since: Date.now() });
  await expect(head).rejects.toMatchObject({ fault: 'missing', help: 'There is other' });
});

it('without a clock that it shares with who takes deliveries, each asks anew', async () => {
  await shop.repository.commit(contents(1));
  const { sources, git } = await fleet();
  const [source] = sources as [Source];
  const arrived = Date.now();
  await git.head(source, { since: arrived });
  const next = await shop.repository.commit(contents(2));
  expect(await git.head(source, { since: arrived })).toBe(next);
});

it('a cache that was removed is begun anew, although its commits are known', async () => {
  const commit = await shop.repository.commit(contents(1));
  const { sources } = await fleet();
  const [source] = sources as [Source];
  // One byte is less than any cache has: each is removed after its use.
  const readSecret = secretsFrom({ TOKEN: 'ghp_hunter2' });
  const git = createGit({ scratch: await temporaryFolder(), readSecret, allowLocal: false, cacheBytes: 1 });
  for (let run = 0; run < 2; run++) {
    await using checkout = await checkOut(git, source, commit, request);
    expect(await filesIn(await checkout.write())).toEqual(['app-0/a.yaml']);
  }
});

/** The value after it was disposed of. */
async function using<Value extends AsyncDisposable>(promise: Promise<Value>): Promise<Value> {
  await using value = await promise;
  return value;
}
