import { asFailure } from '../../domain/failure.ts';
import { createRecent } from '../../recent.ts';
import type { Tree } from './tree.ts';

/** The folders and files of a commit, without their contents. */
export interface CommitTree {
  /** The id of its root folder. */
  readonly id: string;
  readonly entries: Tree;
}

/** What is known of commits and their folders: the same whoever asks and whenever, since their ids are digests. */
export interface Commits {
  /** The tree of a commit; `read` is called once for all who ask meanwhile, and not at all while it is remembered. */
  tree(key: string, read: () => Promise<CommitTree>, signal: AbortSignal | undefined): Promise<CommitTree>;
  /** Whether files of the paths with this id (tree.ts, `idOfPaths`) name others elsewhere in the repository; undefined if it is not known. */
  namesOthers(pathsId: string): boolean | undefined;
  rememberNamesOthers(pathsId: string, namesOthers: boolean): void;
}

/** 20,000 files take 5 MB. */
const mostEntries = 200_000;
const mostPaths = 20_000;

export function createCommits(): Commits {
  const trees = createRecent<CommitTree>(mostEntries);
  const named = createRecent<boolean>(mostPaths);
  const reading = new Map<string, Promise<CommitTree>>();

  async function readOnce(key: string, read: () => Promise<CommitTree>): Promise<CommitTree> {
    try {
      const tree = await read();
      trees.set(key, tree, tree.entries.size);
      return tree;
    } finally {
      reading.delete(key);
    }
  }

  return {
    async tree(key, read, signal) {
      for (;;) {
        const known = trees.get(key);
        if (known !== undefined) return known;
        const shared = reading.get(key);
        if (shared === undefined) {
          const own = readOnce(key, read);
          reading.set(key, own);
          return await own;
        }
        try {
          return await shared;
        } catch (error) {
          // Who reads for all may be told to stop, which is nothing to those who are not.
          if (asFailure(error).code !== 'Aborted' || signal?.aborted) throw error;
        }
      }
    },
    namesOthers: (pathsId) => named.get(pathsId),
    rememberNamesOthers: (pathsId, namesOthers) => named.set(pathsId, namesOthers, 1),
  };
}
