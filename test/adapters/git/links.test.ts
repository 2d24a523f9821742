import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resolvePath } from '../../../lib/adapters/git/links.ts';

it.each([
  ['a/b', {}, 'a/b'],
  ['.', {}, ''],
  ['current/app.yaml', { current: 'releases/v5' }, 'releases/v5/app.yaml'],
  ['a/link', { 'a/link': '../b' }, 'b'],
  ['a/link', { 'a/link': '../..' }, undefined],
  ['link', { link: '/etc/passwd' }, undefined],
  ['link', { link: 'other', other: '../x' }, undefined],
  ['link', { link: 'link' }, undefined],
  // Inside as it reads, outside as the kernel goes: d/e/f is the root.
  ['p/q', { 'p/q': '../d/e/f/../s', 'd/e/f': '../..' }, undefined],
  ['gone/link', { 'gone/link': 'not/there' }, 'gone/not/there'],
])('%s with the links %o leads to %s', (path, links, expected) => {
  expect(resolvePath(path, new Map(Object.entries(links)))).toBe(expected);
});

const part = fc.constantFrom('a', 'b', 'c');
const step = fc.constantFrom('a', 'b', 'c', '..', '.');

it('a path leads where the kernel says, or leaves the checkout in both', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(
        fc.tuple(part, part).map((parts) => parts.join('/')),
        fc.array(step, { minLength: 1, maxLength: 4 }).map((steps) => steps.join('/')),
        { minKeys: 1, maxKeys: 4 },
      ),
      async (links) => {
        const outer = await mkdtemp(join(tmpdir(), 'links-'));
        const root = join(outer, 'x/y/z/root');
        try {
          for (const folder of ['a', 'b', 'c']) await mkdir(join(root, folder), { recursive: true });
          for (const [path, target] of Object.entries(links)) {
            await mkdir(dirname(join(root, path)), { recursive: true });
            await symlink(target, join(root, path));
          }
          for (const path of Object.keys(links)) {
            const real = await realpath(join(root, path)).catch(() => undefined);
            if (real === undefined) continue;
            const inside = relative(root, real);
            const resolved = resolvePath(path, new Map(Object.entries(links)));
            // With only a, b and c as names, nothing that is out comes in again.
            expect(resolved).toBe(inside.startsWith('..') ? undefined : inside);
          }
        } finally {
          await rm(outer, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 100 },
  );
});
