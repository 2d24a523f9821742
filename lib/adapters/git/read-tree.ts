import { Failure } from '../../domain/failure.ts';
import type { CommitTree } from './commits.ts';
import type { Objects } from './objects.ts';
import { isFolder, type TreeEntry } from './tree.ts';

const idBytes = 20;

/** The folders and files of a commit, level by level; undefined if the commit is not there. Throws `GitFailed` if a part of it is missing. */
export async function readTree(objects: Objects, commit: string): Promise<CommitTree | undefined> {
  const text = (await objects.contents([commit])).get(commit)?.toString('latin1');
  if (text === undefined) return undefined;
  const id = text.slice('tree '.length, text.indexOf('\n'));
  const entries = new Map<string, TreeEntry>();
  let level: readonly Pick<TreeEntry, 'id' | 'path'>[] = [{ id, path: '' }];
  while (level.length > 0) {
    const folders = await objects.contents([...new Set(level.map((folder) => folder.id))]);
    const below = level.flatMap((folder) => parseFolder(folders.get(folder.id), folder.path));
    for (const entry of below) {
      if (entries.has(entry.path)) throw refused(entry.path, 'it is there twice');
      entries.set(entry.path, entry);
    }
    level = below.filter(isFolder);
  }
  return { id, entries };
}

/** `<mode> <name>\0<20 bytes>` each (https://git-scm.com/docs/gitformat-pack). */
function parseFolder(contents: Buffer | undefined, folder: string): readonly TreeEntry[] {
  if (contents === undefined)
    throw new Failure('server', "Cannot read the repository's cache: a folder is missing", { code: 'GitFailed' });
  const entries: TreeEntry[] = [];
  for (let at = 0; at < contents.length; ) {
    const space = contents.indexOf(' ', at);
    const end = contents.indexOf(0, space);
    const name = contents.toString('utf8', space + 1, end);
    if (isForbidden(name)) throw refused(`${folder}/${name}`, 'no file may have this name');
    entries.push({
      mode: contents.toString('latin1', at, space).padStart(6, '0'),
      id: contents.toString('hex', end + 1, end + 1 + idBytes),
      path: folder === '' ? name : `${folder}/${name}`,
    });
    at = end + 1 + idBytes;
  }
  return entries;
}

/** What git itself refuses to write: these are no names, but ways out of the checkout or into its settings. */
function isForbidden(name: string): boolean {
  return name === '' || name === '.' || name === '..' || name.includes('/') || /^\.git$/i.test(name);
}

function refused(path: string, state: string): Failure {
  return new Failure('user', `Cannot check out "${path}": ${state}`, {
    help: 'The commit was made by no ordinary git: see who pushed it',
  });
}
