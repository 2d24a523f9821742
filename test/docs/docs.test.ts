import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pages } from './pages.ts';

const root = join(import.meta.dirname, '../..');
const directory = join(root, 'docs/webhooks');

it('there is a page for each sender, and no other', () => {
  expect(readdirSync(directory).sort()).toEqual([...pages().keys()].sort());
});

it.each([...pages()])('%s is what "npm run docs" writes', (file, text) => {
  expect(readFileSync(join(directory, file), 'utf8')).toBe(text);
});

it('the README links the page of each sender', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  for (const file of pages().keys()) expect(readme).toContain(`(docs/webhooks/${file})`);
});
