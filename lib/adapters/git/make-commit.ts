import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitRequest, FileChanges } from '../../app/release-ports.ts';
import { checkPath } from './check-changes.ts';
import type { CommitTree } from './commits.ts';
import type { Signing } from './signing.ts';
import type { View } from './view.ts';

/** Where and from what a commit is made. */
export interface Workbench {
  readonly view: View;
  /** A folder of the job, for what git and signers write meanwhile. */
  readonly directory: string;
  readonly parent: string;
  readonly tree: CommitTree;
}

/**
 * The tree of the parent with the changed files in it, written into the view; their modes stay. Undefined if it is the parent's own.
 * Only folders are read, so the contents of the other files need not be here.
 */
export async function makeTree(bench: Workbench, files: FileChanges['files']): Promise<string | undefined> {
  const { view, directory, parent, tree } = bench;
  for (const path of files.keys()) checkPath(path, tree.entries);
  if (files.size === 0) return undefined;
  const environment = { GIT_INDEX_FILE: join(directory, 'index') };
  // Side by side: the sooner the commit is pushed, the fewer others are faster.
  const [ids] = await Promise.all([
    writeBlobs(bench, [...files.values()]),
    view.run(['read-tree', parent], { environment }),
  ]);
  const lines = [...files.keys()].map((path, index) => {
    const mode = tree.entries.get(path)?.mode ?? '100644';
    return `${mode} ${ids[index]}\t${path}\0`;
  });
  await view.run(['update-index', '-z', '--index-info'], { environment, input: lines.join('') });
  const written = await view.run(['write-tree', '--missing-ok'], { environment });
  const id = written.toString('utf8').trim();
  return id === tree.id ? undefined : id;
}

/** One program for all files, whatever their number. */
async function writeBlobs({ view, directory }: Workbench, texts: readonly string[]): Promise<readonly string[]> {
  const folder = join(directory, 'new');
  await mkdir(folder, { mode: 0o700 });
  const paths = texts.map((_, index) => join(folder, String(index)));
  for (const [index, text] of texts.entries()) await writeFile(join(folder, String(index)), text);
  const output = await view.run(['hash-object', '-w', '--no-filters', '--stdin-paths'], {
    input: `${paths.join('\n')}\n`,
  });
  return output.toString('utf8').trim().split('\n');
}

/** Writes the commit into the view; gives its id. `seconds` is its time, since the epoch. */
export async function makeCommit(
  { view, directory, parent }: Workbench,
  treeId: string,
  { message, author, signing, seconds }: CommitFacts,
): Promise<string> {
  const written = await view.run(['commit-tree', treeId, '-p', parent, ...signing.arguments], {
    input: message,
    environment: {
      ...signing.environment,
      // Where git leaves the text to be signed for a moment.
      TMPDIR: directory,
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_AUTHOR_DATE: `${seconds} +0000`,
      GIT_COMMITTER_NAME: author.name,
      GIT_COMMITTER_EMAIL: author.email,
      GIT_COMMITTER_DATE: `${seconds} +0000`,
    },
  });
  return written.toString('utf8').trim();
}

export interface CommitFacts {
  /** As it is to be in the commit. */
  readonly message: string;
  readonly author: CommitRequest['author'];
  readonly signing: Signing;
  readonly seconds: number;
}
