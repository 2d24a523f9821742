import { join } from 'node:path';
import { createTools } from '../../lib/adapters/tools.ts';

/** The real kubectl and helm, unpacked once for all test files. */
export const tools = createTools({
  directory: join(import.meta.dirname, '../../node_modules/.cache/sluice/tools'),
  searchPath: process.env.PATH,
});
