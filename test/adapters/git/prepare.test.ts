import { existsSync } from 'node:fs';
import { readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Checkout } from '../../../lib/app/ports.ts';
import { createRepository, type FileContents } from '../../parts/repository.ts';
import { run } from '../../parts/run.ts';
import { checkOut, failureOf, filesIn, source, temporaryFolder, testGit } from './shared.ts';

const noSubmodules = { submodules: false };

/** A checkout of the paths of a repository with these files. */
async function checkoutOf(
  files: Readonly<Record<string, FileContents>>,
  paths: string[],
  options: { readonly limits?: object; readonly files?: readonly string[] } = {},
): Promise<Checkout> {
  const repository = await createRepository(await temporaryFolder());
  const commit = await repository.commit(files);
  const { git } = await testGit(options.limits);
  const request = { ...noSubmodules, ...(options.files ? { files: options.files } : {}) };
  return await checkOut(git, source(repository.url, { paths }), commit, request);
}

const shop = {
  'shop/app.yaml': 'a: 1\n',
  'other/big.yaml': 'b: 1\n',
  'base/app.yaml': 'c: 1\n',
  'README.md': 'text\n',
};
const everything = ['README.md', 'base/app.yaml', 'other/big.yaml', 'shop/app.yaml'];

it.each([
  ['a folder of plain files', {}, ['shop'], ['shop/app.yaml']],
  ['a path written otherwise', {}, ['./shop//'], ['shop/app.yaml']],
  ['two folders', {}, ['shop', 'base'], ['base/app.yaml', 'shop/app.yaml']],
  ['a single file', {}, ['shop/app.yaml'], ['shop/app.yaml']],
  ['the whole repository', {}, ['.'], everything],
  [
    'a kustomization that stays inside',
    { 'shop/kustomization.yaml': 'resources: [app.yaml]\n' },
    ['shop'],
    ['shop/app.yaml', 'shop/kustomization.yaml'],
  ],
  [
    'a kustomization with a base elsewhere',
    { 'shop/kustomization.yaml': 'resources: [../base]\n' },
    ['shop'],
    [...everything, 'shop/kustomization.yaml'],
  ],
  [
    'a chart with a dependency elsewhere',
    { 'shop/Chart.yaml': 'dependencies: [{repository: "file://../base"}]\n' },
    ['shop'],
    ['README.md', 'base/app.yaml', 'other/big.yaml', 'shop/Chart.yaml', 'shop/app.yaml'],
  ],
  ['a .flux.yaml above', { '.flux.yaml': 'version: 1\n' }, ['shop'], ['.flux.yaml', ...everything]],
  ['a .flux.yaml in another folder', { 'other/.flux.yaml': 'version: 1\n' }, ['shop'], ['shop/app.yaml']],
  [
    'a link to elsewhere in the repository',
    { 'shop/base': { link: '../base' } },
    ['shop'],
    ['README.md', 'base/app.yaml', 'other/big.yaml', 'shop/app.yaml', 'shop/base'],
  ],
] as const)('%s: what a render may read is checked out', async (_case, more, paths, expected) => {
  await using checkout = await checkoutOf({ ...shop, ...more }, [...paths]);
  expect(await filesIn(await checkout.write())).toEqual([...expected]);
});

it('files beside the paths are checked out when they are asked for', async () => {
  await using checkout = await checkoutOf(shop, ['shop'], { files: ['base/app.yaml'] });
  expect(await filesIn(await checkout.write())).toEqual(['base/app.yaml', 'shop/app.yaml']);
});

it('a path that leads through a link is checked out', async () => {
  await using checkout = await checkoutOf({ ...shop, current: { link: 'shop' } }, ['current/app.yaml']);
  expect(await readlink(join(await checkout.write(), 'current'))).toBe('shop');
  expect((await stat(join(await checkout.write(), 'current/app.yaml'))).isFile()).toBe(true);
});

it.each([
  ['shop/link', { 'shop/link': { link: '../../outside' } }, ['shop']],
  ['shop/link', { 'shop/link': { link: '/etc/passwd' } }, ['shop']],
  ['shop/circle', { 'shop/circle': { link: 'circle' } }, ['.']],
  ['current', { current: { link: '../elsewhere' } }, ['current']],
])('the link %s that leaves the checkout is refused', async (name, more, paths) => {
  const failure = await failureOf(checkoutOf({ ...shop, ...more }, paths));
  expect(failure.fault).toBe('user');
  expect(failure.message).toMatch(`Cannot check out "${name}" of "file://`);
  expect(failure.message).toMatch(/: the symbolic link leads out of the repository or in a circle$/);
});

it('a link that leaves, or a file too large, in the folder of another target disturbs nobody', async () => {
  const poison = { 'other/link': { link: '/etc/passwd' }, 'other/large.bin': 'x'.repeat(2000) };
  const flux = { '.flux.yaml': 'version: 1\n' };
  await using checkout = await checkoutOf({ ...shop, ...poison, ...flux }, ['shop'], { limits: { fileBytes: 1000 } });
  expect(await filesIn(await checkout.write())).toEqual(['.flux.yaml', ...everything]);
});

it.each([[['nowhere']], [['shop', 'shop/app.yaml/deeper']], [['Shop']]])(
  'the missing path of %o is a failure, never an empty checkout',
  async (paths) => {
    const failure = await failureOf(checkoutOf(shop, paths));
    expect(failure.fault).toBe('user');
    expect(failure.code).toBe('NoPath');
    expect(failure.message).toMatch(
      new RegExp(`^Cannot check out "${paths.at(-1)}" of "file:.*": it is not there at commit [0-9a-f]{40}$`),
    );
  },
);

it('a file of 60 MiB is refused by name and size', async () => {
  const failure = await failureOf(checkoutOf({ ...shop, 'shop/dump.sql': Buffer.alloc(60 * 1024 ** 2) }, ['shop']));
  expect(failure.fault).toBe('user');
  expect(failure.message).toMatch(
    /^Cannot check out "shop\/dump.sql" of .*: 60 MiB, more than the 50 MiB that a file may have$/,
  );
});

it('more bytes than a checkout may have are refused before they are written', async () => {
  const failure = await failureOf(
    checkoutOf({ 'a.yaml': 'x'.repeat(600), 'b.yaml': 'y'.repeat(600) }, ['.'], { limits: { checkoutBytes: 1000 } }),
  );
  expect(failure.fault).toBe('user');
  expect(failure.message).toMatch(/its files have 1200 bytes, more than 1000 bytes$/);
});

it('the tree id changes when what a render may read changes, and only then', async () => {
  const repository = await createRepository(await temporaryFolder());
  const { git } = await testGit();
  async function treeId(paths: string[], files: Readonly<Record<string, FileContents>>): Promise<string> {
    const commit = await repository.commit(files);
    await using checkout = await checkOut(git, source(repository.url, { paths }), commit, noSubmodules);
    return checkout.treeId;
  }
  const first = await treeId(['shop'], shop);
  expect(await treeId(['shop'], { 'other/big.yaml': 'b: 2\n' })).toBe(first);
  expect(await treeId(['shop'], { 'shop/app.yaml': 'a: 2\n' })).not.toBe(first);
  const withBase = await treeId(['shop'], { 'shop/kustomization.yaml': 'resources: [../base]\n' });
  expect(await treeId(['shop'], { 'base/app.yaml': 'c: 2\n' })).not.toBe(withBase);
  expect(await treeId(['shop'], { 'base/app.yaml': 'c: 1\n' })).toBe(withBase);
  expect(await treeId(['shop'], { '.flux.yaml': 'version: 1\n' })).not.toBe(withBase);
});

it('names that git could write outside of the checkout stay unwritten', async () => {
  const folder = await temporaryFolder();
  const repository = await createRepository(folder);
  await repository.commit(shop);
  // A link and a folder of the same name, as only a hand-made tree has them: a write through the link would leave.
  const blob = await repository.git('hash-object', '-w', 'README.md');
  await writeFile(join(folder, 'target'), folder);
  const link = await repository.git('hash-object', '-w', join(folder, 'target'));
  await writeFile(join(folder, 'inner'), `100644 blob ${blob}\tescaped\n`);
  const inner = await run('sh', ['-c', `git -C '${repository.work}' mktree < '${folder}/inner'`]);
  await writeFile(join(folder, 'outer'), `120000 blob ${link}\ta\n040000 tree ${inner}\ta\n`);
  const tree = await run('sh', ['-c', `git -C '${repository.work}' mktree < '${folder}/outer'`]);
  const commit = await repository.git('commit-tree', tree, '-m', 'poison');
  await repository.git('push', '-q', '--force', repository.bare, `${commit}:refs/heads/main`);
  const { git } = await testGit();
  await checkOut(git, source(repository.url), commit, noSubmodules).then(
    (checkout) => checkout[Symbol.asyncDispose](),
    () => undefined,
  );
  expect(existsSync(join(folder, 'escaped'))).toBe(false);
});
