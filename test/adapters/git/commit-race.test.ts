import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { CommitRequest, Committed } from '../../../lib/app/release-ports.ts';
import { asFailure } from '../../../lib/domain/failure.ts';
import { run } from '../../parts/run.ts';
import { failureOf, password, sluice, testGit, type World, world, writing } from './shared.ts';

const secrets = { TOKEN: password };

async function inBare(here: World, ...args: string[]): Promise<string> {
  return await run('git', ['--git-dir', here.repository.bare, ...args]);
}

/** Moves the branch at the server itself, in a moment: a commit that sets one file. */
async function overtake(here: World, path: string, text: string): Promise<string> {
  const script = `set -e; cd "$0"; export GIT_INDEX_FILE="$0/index.$$"
    old=$(git rev-parse main); git read-tree $old
    git update-index --add --cacheinfo "100644,$(printf %s "$2" | git hash-object -w --stdin),$1"
    new=$(git commit-tree -p $old -m other $(git write-tree)); git update-ref refs/heads/main $new $old; echo $new`;
  return await run('sh', ['-c', script, here.repository.bare, path, text]);
}

/** Adds one to the number in a file. */
function counting(here: World, path: string, more: Partial<CommitRequest> = {}): CommitRequest {
  return {
    source: here.source,
    author: sluice,
    async change(checkout) {
      const text = await readFile(join(await checkout.write(), path), 'utf8');
      return { files: new Map([[path, String(Number(text) + 1)]]), message: `count ${path}` };
    },
    ...more,
  };
}

it('a head that moves while the change is made is not lost: the change is made again on the new one', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '0', 'b.yaml': '0' });
  const heads: string[] = [];
  const request = counting(here, 'a.yaml');
  let other = '';
  const done = await here.test.writer.commit({
    ...request,
    async change(checkout) {
      heads.push(checkout.commit);
      if (heads.length === 1) other = await overtake(here, 'b.yaml', 'theirs');
      return await request.change(checkout);
    },
  });
  expect(heads).toHaveLength(2);
  expect(done).toMatchObject({ parent: other, branch: 'main' });
  expect(await inBare(here, 'show', 'main:a.yaml', 'main:b.yaml')).toBe('1theirs');
  expect(await inBare(here, 'rev-list', '--count', 'main')).toBe('3');
});

it('a branch that was set back meanwhile does not get back what was taken from it', async () => {
  await using here = await world();
  const first = await here.repository.commit({ 'a.yaml': '0' });
  await here.repository.commit({ 'a.yaml': '0', 'bad.yaml': '1' });
  const request = counting(here, 'a.yaml');
  let calls = 0;
  const done = await here.test.writer.commit({
    ...request,
    async change(checkout) {
      calls += 1;
      if (calls === 1) await inBare(here, 'update-ref', 'refs/heads/main', first);
      return await request.change(checkout);
    },
  });
  expect(done?.parent).toBe(first);
  expect(await inBare(here, 'ls-tree', '-r', '--name-only', 'main')).toBe('a.yaml');
});

it('five races lost are given up, by our own fault, and nothing was pushed', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '0', 'b.yaml': '0' });
  const request = counting(here, 'a.yaml');
  let calls = 0;
  const failure = await failureOf(
    here.test.writer.commit({
      ...request,
      async change(checkout) {
        calls += 1;
        await overtake(here, 'b.yaml', String(calls));
        return await request.change(checkout);
      },
    }),
  );
  expect(failure).toMatchObject({ fault: 'server', code: 'Moved' });
  expect(failure.message).toBe(`Cannot commit to "main" of "${here.source.url}": other writers were faster 5 times`);
  expect(calls).toBe(5);
  expect(await inBare(here, 'show', 'main:a.yaml', 'main:b.yaml')).toBe('05');
});

it('a writer and one that pushes 100 ms after each push lose nothing: every update is one commit on one line', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '0', 'c.yaml': '0' });
  const updates = 3;
  const done: Committed[] = [];
  let ended = false;

  async function write(): Promise<void> {
    while (done.length < updates) {
      try {
        const committed = await here.test.writer.commit(counting(here, 'a.yaml'));
        if (committed !== undefined) done.push(committed);
      } catch (error) {
        // As the queue does: what was overtaken five times is done again.
        if (asFailure(error).code !== 'Moved') throw error;
      }
    }
  }
  /** Somebody with a clone, at the same server: fetches, edits, commits, pushes, and does it again if another was faster. */
  async function disturb(): Promise<number> {
    const { git, work } = here.repository;
    const url = here.source.url.replace('://', `://x-access-token:${password}@`);
    let pushes = 0;
    while (!ended) {
      await git('fetch', '-q', url, 'main');
      await git('reset', '-q', '--hard', 'FETCH_HEAD');
      await writeFile(join(work, 'c.yaml'), String(pushes + 1));
      await git('commit', '-q', '-a', '-m', 'theirs');
      const isPushed = await git('push', '-q', url, 'HEAD:refs/heads/main').then(
        () => true,
        () => false,
      );
      if (isPushed) pushes += 1;
      await sleep(100);
    }
    return pushes;
  }
  const disturbing = disturb();
  await write().finally(() => {
    ended = true;
  });
  const pushes = await disturbing;

  expect(pushes).toBeGreaterThan(0);
  expect(await inBare(here, 'show', 'main:a.yaml', 'main:c.yaml')).toBe(`${updates}${pushes}`);
  const commits = (await inBare(here, 'rev-list', '--parents', 'main')).split('\n').map((line) => line.split(' '));
  expect(commits).toHaveLength(1 + updates + pushes);
  expect(commits.filter((parents) => parents.length > 2)).toEqual([]);
  for (const { commit, parent } of done) expect(commits).toContainEqual([commit, parent]);
  const changed = await inBare(here, 'log', '--format=', '--name-only', 'main');
  expect(changed.split('\n').filter((line) => line !== '')).toHaveLength(2 + updates + pushes);
  await inBare(here, 'fsck', '--strict');
}, 180_000);

it('two writers that make the very same commit in the same second lose no count', async () => {
  await using here = await world({ clock: () => 1_700_000_000_000 });
  await here.repository.commit({ 'a.yaml': '0' });
  const other = await testGit({ secrets, allowLocal: false, clock: () => 1_700_000_000_000 });
  const writers = [here.test.writer, other.writer];
  await Promise.all(
    writers.map(async (writer) => {
      for (let count = 0; count < 3; count++) await writer.commit(counting(here, 'a.yaml'));
    }),
  );
  expect(await inBare(here, 'show', 'main:a.yaml')).toBe('6');
  expect(await inBare(here, 'rev-list', '--count', 'main')).toBe('7');
});

it('a connection that ends after the push was taken is a success', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '0' });
  here.server.cutsPushes = true;
  const done = await here.test.writer.commit(counting(here, 'a.yaml'));
  expect(done?.commit).toBe(await inBare(here, 'rev-parse', 'main'));
});

it('a connection that ends after the push was taken, and others have pushed on top of it, is a success', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '0', 'b.yaml': '0' });
  here.server.cutsPushes = true;
  const hook = join(here.repository.bare, 'hooks/post-receive');
  await run('sh', ['-c', `cat >"$0" && chmod +x "$0"`, hook], {
    input: '#!/bin/sh\nnew=$(git commit-tree -p main -m top main^{tree}) && git update-ref refs/heads/main $new\n',
  });
  const done = await here.test.writer.commit(counting(here, 'a.yaml'));
  expect(done?.commit).toBe(await inBare(here, 'rev-parse', 'main^'));
});

it('a connection that ends before anything was pushed is a failure of the server', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '0' });
  const request = counting(here, 'a.yaml');
  const failure = await failureOf(
    here.test.writer.commit({
      ...request,
      async change(checkout) {
        const changes = await request.change(checkout);
        here.server.fault = 'reset';
        return changes;
      },
    }),
  );
  expect(failure).toMatchObject({ fault: 'server', code: 'Unreachable' });
  expect(failure.message).toMatch(/^Cannot push to "http/);
});

it('a process that is killed while it pushes leaves nothing that the next one stumbles over', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '0' });
  // The server holds the push until it is told to go on.
  const hook = join(here.repository.bare, 'hooks/pre-receive');
  await run('sh', ['-c', `cat >"$0" && chmod +x "$0"`, hook], {
    input: '#!/bin/sh\ntouch held\nwhile [ ! -e go ]; do sleep 0.1; done\n',
  });
  const script = join(import.meta.dirname, 'children/commit-once.ts');
  const child = spawn(process.execPath, [script, here.test.scratch, here.source.url], { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await expect.poll(() => readdir(here.repository.bare), { timeout: 20_000 }).toContain('held');
  child.kill('SIGKILL');
  await ended;
  const left = await readdir(here.test.scratch, { recursive: true });
  expect(left.filter((path) => /\/index$|credentials\/password$/.test(path))).not.toEqual([]);
  await run('touch', [join(here.repository.bare, 'go')]);

  const done = await here.test.writer.commit(writing(here.source, { 'a.yaml': 'after' }));
  expect(done?.commit).toBe(await inBare(here, 'rev-parse', 'main'));
  const after = await readdir(here.test.scratch, { recursive: true });
  expect(after.filter((path) => /\.lock$|\/index$|credentials|git\/jobs\/./.test(path))).toEqual([]);
});

it('the branch of a pull request is made anew from the head each time, and left alone when nothing of it would change', async () => {
  await using here = await world();
  const first = await here.repository.commit({ 'a.yaml': '0', 'b.yaml': '0' });
  const request = counting(here, 'a.yaml', { branch: 'sluice/main' });
  const { writer } = here.test;
  const one = await writer.commit(request);
  expect(one).toMatchObject({ parent: first, branch: 'sluice/main' });
  here.server.requests.splice(0);
  expect(await writer.commit(request)).toEqual(one);
  // A process that knows nothing yet finds the same.
  expect(await (await testGit({ secrets, allowLocal: false })).writer.commit(request)).toEqual(one);
  expect(here.server.requests.filter((line) => line.includes('receive-pack'))).toEqual([]);

  const next = await overtake(here, 'b.yaml', 'theirs');
  const two = await writer.commit(request);
  expect(two).toMatchObject({ parent: next });
  expect(await inBare(here, 'rev-parse', 'sluice/main')).toBe(two?.commit);
  expect(await inBare(here, 'rev-parse', 'main')).toBe(next);
  expect(await inBare(here, 'show', 'sluice/main:a.yaml', 'sluice/main:b.yaml')).toBe('1theirs');
});

it('a cache that git refuses is made anew', async () => {
  await using here = await world();
  await here.repository.commit({ 'apps/a.yaml': '0', 'b/b.yaml': '0' });
  const from = { ...here.source, paths: ['apps'] };
  expect(await here.test.writer.commit(writing(from, { 'apps/a.yaml': '1' }))).toBeDefined();
  const caches = join(here.test.scratch, 'git/caches');
  const [cache = ''] = (await readdir(caches)).filter((name) => name.endsWith('.git'));
  for (const name of await readdir(join(caches, cache, 'objects/pack'))) {
    if (name.endsWith('.pack')) await writeFile(join(caches, cache, 'objects/pack', name), 'broken');
  }
  const { writer } = await testGit({ secrets, allowLocal: false, scratch: here.test.scratch });
  const done = await writer.commit(writing(from, { 'apps/a.yaml': '2' }));
  expect(done?.commit).toBe(await inBare(here, 'rev-parse', 'main'));
});
