import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commands } from '../../lib/cli/commands.ts';

const lib = join(import.meta.dirname, '../../lib');

/** Every `"sluice word"` that a message or a help tells to run. */
function namedCommands(): readonly string[] {
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => {
    const found = readFileSync(join(lib, file), 'utf8').matchAll(/"sluice ([a-z][-a-z]*)[ "]/g);
    return [...found].map(([, command = '']) => command);
  });
}

// A help told to resume a target by a command that there was not.
it('every command that is named in a message exists', () => {
  const named = new Set(namedCommands());
  expect(named.size).toBeGreaterThan(5);
  expect([...named].filter((name) => name !== 'help' && !Object.hasOwn(commands, name))).toEqual([]);
});
