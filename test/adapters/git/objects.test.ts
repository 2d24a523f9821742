import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createObjects, type Objects } from '../../../lib/adapters/git/objects.ts';
import { readTree } from '../../../lib/adapters/git/read-tree.ts';
import { createRepository, type Repository } from '../../parts/repository.ts';
import { failureOf, temporaryFolder } from './shared.ts';

function objectsOf({ bare }: Repository, args = ['cat-file', '--batch-command', '--buffer']): Objects {
  return createObjects(async () => ({
    args: ['--git-dir', bare, ...args],
    environment: { PATH: '/usr/bin:/bin' },
    directory: '/',
  }));
}

/** Writes an object as it is, which git itself would not make; gives its id. */
function writeObject({ bare }: Repository, type: string, contents: Buffer): string {
  const args = ['--git-dir', bare, 'hash-object', '-t', type, '--literally', '--stdin', '-w'];
  return execFileSync('git', args, { input: contents, encoding: 'utf8' }).trim();
}

function entry(mode: string, name: string, id: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
}

/** A commit whose root folder has these entries. */
function commitOf(repository: Repository, ...entries: Buffer[]): string {
  const tree = writeObject(repository, 'tree', Buffer.concat(entries));
  return writeObject(
    repository,
    'commit',
    Buffer.from(`tree ${tree}\nauthor a <a@a> 0 +0000\ncommitter a <a@a> 0 +0000\n\nx\n`),
  );
}

it('what is asked for at once is answered, each question for itself, and what is not there is absent', async () => {
  const repository = await createRepository(await temporaryFolder());
  await repository.commit({ 'a.yaml': 'alpha', 'b.yaml': 'beta' });
  const [a = '', b = ''] = await Promise.all(
    ['a', 'b'].map((name) => repository.git('rev-parse', `HEAD:${name}.yaml`)),
  );
  const objects = objectsOf(repository);
  const none = '0'.repeat(40);
  const [found, contents, again] = await Promise.all([
    objects.find([a, none]),
    objects.contents([a, b, none]),
    objects.find([b]),
  ]);
  expect(found).toEqual(new Map([[a, { type: 'blob', size: 5 }]]));
  expect(contents).toEqual(
    new Map([
      [a, Buffer.from('alpha')],
      [b, Buffer.from('beta')],
    ]),
  );
  expect(again.get(b)).toEqual({ type: 'blob', size: 4 });
  objects.close();
});

it('what comes after the program has begun is found', async () => {
  const repository = await createRepository(await temporaryFolder());
  const first = await repository.commit({ 'a.yaml': '1' });
  const objects = objectsOf(repository);
  expect((await readTree(objects, first))?.entries.size).toBe(1);
  const second = await repository.commit({ 'deep/er/b.yaml': '2' });
  expect([...((await readTree(objects, second))?.entries.keys() ?? [])].sort()).toEqual([
    'a.yaml',
    'deep',
    'deep/er',
    'deep/er/b.yaml',
  ]);
  objects.close();
});

it('the tree of a commit is what git lists, links, submodules and names of any kind with it', async () => {
  const repository = await createRepository(await temporaryFolder());
  const library = 'a'.repeat(40);
  await repository.commit({ 'with space/ü.yaml': '1', 'run.sh': '#!/bin/sh', link: { link: 'run.sh' } });
  await repository.git('update-index', '--add', '--cacheinfo', `160000,${library},library`);
  await repository.git('update-index', '--chmod=+x', 'run.sh');
  await repository.git('commit', '-q', '-m', 'more');
  await repository.git('push', '-q', '--force', repository.bare, 'HEAD:refs/heads/main');
  const commit = await repository.git('rev-parse', 'HEAD');
  const listed = (await repository.git('ls-tree', '-r', '-t', '-z', '--full-tree', commit))
    .split('\0')
    .filter((line) => line !== '');
  const expected = listed.map((line) => {
    const [mode = '', , id = ''] = line.slice(0, line.indexOf('\t')).split(' ');
    const path = line.slice(line.indexOf('\t') + 1);
    return [path, { mode, id, path }];
  });
  const objects = objectsOf(repository);
  const tree = await readTree(objects, commit);
  expect(Object.fromEntries(tree?.entries ?? [])).toEqual(Object.fromEntries(expected));
  expect(tree?.id).toBe(await repository.git('rev-parse', `${commit}^{tree}`));
  objects.close();
});

it.each([
  ['..', '100644'],
  ['.', '100644'],
  ['.git', '040000'],
  ['.GIT', '100644'],
  ['a/b', '100644'],
  ['', '100644'],
])('a tree with a file called "%s" is refused', async (name, mode) => {
  const repository = await createRepository(await temporaryFolder());
  const blob = writeObject(repository, 'blob', Buffer.from('evil'));
  const objects = objectsOf(repository);
  const failure = await failureOf(readTree(objects, commitOf(repository, entry(mode, name, blob))));
  expect(failure.fault).toBe('user');
  expect(failure.message).toMatch(/^Cannot check out ".*": no file may have this name$/);
  objects.close();
});

it('a tree in which a link and a folder have one name is refused', async () => {
  const repository = await createRepository(await temporaryFolder());
  const target = writeObject(repository, 'blob', Buffer.from('/etc'));
  const folder = writeObject(repository, 'tree', entry('100644', 'passwd', target));
  const objects = objectsOf(repository);
  const commit = commitOf(repository, entry('120000', 'a', target), entry('40000', 'a', folder));
  expect((await failureOf(readTree(objects, commit))).message).toBe('Cannot check out "a": it is there twice');
  objects.close();
});

it('a program that ends fails for those who wait, and the next question starts another', async () => {
  const repository = await createRepository(await temporaryFolder());
  const commit = await repository.commit({ 'a.yaml': '1' });
  const objects = objectsOf(repository);
  await objects.find([commit]);
  const asked = objects.contents([commit]);
  objects.close();
  expect(await failureOf(asked)).toMatchObject({ fault: 'server', code: 'GitFailed' });
  expect((await objects.find([commit])).get(commit)?.type).toBe('commit');
  objects.close();
});

it('a git that does not know the command fails by its name', async () => {
  const repository = await createRepository(await temporaryFolder());
  const failure = await failureOf(objectsOf(repository, ['cat-file', '--no-such']).find(['a']));
  expect(failure).toMatchObject({ fault: 'server', code: 'GitFailed' });
  expect(failure.message).toMatch(/git cat-file says: /);
});

it('while there is no repository nothing is found, and no program started', async () => {
  let asked = 0;
  const objects = createObjects(async () => {
    asked++;
    return undefined;
  });
  expect(await objects.find([join('a', 'b')])).toEqual(new Map());
  expect(await objects.contents(['a'])).toEqual(new Map());
  expect(asked).toBe(2);
});
