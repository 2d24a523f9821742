import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import type { Objects } from './objects.ts';
import { isLink, type TreeEntry } from './tree.ts';

/** Of contents that are held at once. */
const mostBytes = 16 * 1024 * 1024;

/**
 * Writes files and links into the empty folder `directory`, byte for byte as they are in git: no filter, no line ending of a
 * .gitattributes. Folders come first and links last, so that nothing is ever written through a link, whatever a tree says.
 */
export async function writeFiles(
  objects: Objects,
  entries: readonly TreeEntry[],
  sizes: ReadonlyMap<string, number>,
  directory: string,
): Promise<void> {
  for (const folder of new Set(entries.map(({ path }) => dirname(path)))) {
    mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 });
  }
  const ordered = [...entries.filter((entry) => !isLink(entry)), ...entries.filter(isLink)];
  for (const part of parts(ordered, sizes)) {
    const contents = await objects.contents([...new Set(part.map(({ id }) => id))]);
    for (const entry of part) writeEntry(entry, contents.get(entry.id), join(directory, entry.path));
  }
}

function writeEntry(entry: TreeEntry, contents: Buffer | undefined, path: string): void {
  if (contents === undefined)
    throw new Failure('server', `Cannot write "${entry.path}": it is no longer in the repository's cache`, {
      code: 'GitFailed',
    });
  // Synchronously: the files are small, and a round through the thread pool takes longer than to write one.
  if (isLink(entry)) symlinkSync(contents, path);
  else writeFileSync(path, contents, { flag: 'wx', mode: entry.mode === '100755' ? 0o755 : 0o644 });
}

/** Runs of entries whose contents may be held at once. */
function* parts(entries: readonly TreeEntry[], sizes: ReadonlyMap<string, number>): Generator<readonly TreeEntry[]> {
  let part: TreeEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = sizes.get(entry.id) ?? 0;
    if (part.length > 0 && bytes + size > mostBytes) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(entry);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
