import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const shared = join(import.meta.dirname, '../../../shared');

/** Texts of files below `../shared/<folder>` whose name ends so; none where it is not there. */
export function realTexts(folder: string, ending: string): readonly string[] {
  const directory = join(shared, folder);
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => readFileSync(join(directory, name), 'utf8'));
}

/** Bodies of the recorded deliveries of one sender, by the beginning of their names. */
export function recordedBodies(prefix: string): readonly string[] {
  const directory = join(shared, 'payloads');
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
  return names.sort().flatMap((name) => {
    const { body } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as { body?: unknown };
    return body === undefined ? [] : [JSON.stringify(body)];
  });
}
