import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './pages.ts';

/** `npm run docs`: writes docs/webhooks anew. */
const directory = join(import.meta.dirname, '../../docs/webhooks');
mkdirSync(directory, { recursive: true });
for (const file of readdirSync(directory)) rmSync(join(directory, file));
for (const [file, text] of pages()) writeFileSync(join(directory, file), text);
console.log(`${pages().size} pages in docs/webhooks`);
