import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { run, testEnvironment } from '../parts/run.ts';
import type { Tree } from './manifests.ts';

/** A commit and what it holds. */
export interface Version {
  readonly commit: string;
  readonly tree: Tree;
}

/** What a push did, as a forge tells it: zeros stand for a branch that was not there, or is no more. */
export interface Push {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
}

/** A branch of a bare repository that is pushed to, back and forth. */
export interface Branch {
  readonly name: string;
  /** What the branch holds, or held before it was deleted. */
  readonly tree: Tree;
  readonly isDeleted: boolean;
  /** The commit that it is at; zeros while it is deleted. */
  readonly head: string;
  /** How often it can be gone back from the present commit. */
  readonly depth: number;
  /** A new commit; makes the branch again if it was deleted. */
  commit(tree: Tree): Promise<Push>;
  /** A new commit with what there was one commit ago. */
  revert(): Promise<Push>;
  /** A force push to the commit before. */
  back(): Promise<Push>;
  remove(): Promise<Push>;
}

const zeros = '0'.repeat(40);
const longest = 20;

export async function createBranch(bare: string, name: string, first: Tree): Promise<Branch> {
  const ref = `refs/heads/${name}`;
  const history: Version[] = [];
  let head = zeros;
  let count = 0;

  async function commit(tree: Tree): Promise<Push> {
    const before = head;
    count += 1;
    const parent = history.at(-1)?.commit;
    head = await writeCommit(bare, ref, tree, parent, `change ${count}`);
    history.push({ commit: head, tree });
    if (history.length > longest) history.shift();
    return { ref, before, after: head };
  }

  function present(): Version {
    const version = history.at(-1);
    if (version === undefined) throw new Error(`The branch "${name}" has no commit`);
    return version;
  }

  /** One change after the other. */
  let turn: Promise<unknown> = Promise.resolve();
  function inTurn(change: () => Promise<Push>): Promise<Push> {
    const changed = turn.then(change);
    turn = changed.catch(() => undefined);
    return changed;
  }

  async function back(): Promise<Push> {
    const before = head;
    if (history.length > 1) history.pop();
    head = present().commit;
    await run('git', ['--git-dir', bare, 'update-ref', ref, head]);
    return { ref, before, after: head };
  }

  async function remove(): Promise<Push> {
    const before = head;
    await run('git', ['--git-dir', bare, 'update-ref', '-d', ref]);
    head = zeros;
    return { ref, before, after: zeros };
  }

  await commit(first);
  return {
    name,
    get tree() {
      return present().tree;
    },
    get head() {
      return head;
    },
    get isDeleted() {
      return head === zeros;
    },
    get depth() {
      return history.length - 1;
    },
    commit: (tree) => inTurn(() => commit(tree)),
    revert: () => inTurn(() => commit((history.at(-2) ?? present()).tree)),
    back: () => inTurn(back),
    remove: () => inTurn(remove),
  };
}

/** One process for a whole commit: git fast-import(1). */
async function writeCommit(
  bare: string,
  ref: string,
  tree: Tree,
  parent: string | undefined,
  message: string,
): Promise<string> {
  const git = spawn('git', ['--git-dir', bare, 'fast-import', '--quiet', '--force', '--done', '--cat-blob-fd=1'], {
    env: testEnvironment,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = once(git, 'close');
  // Who ends early says why at the end.
  git.stdin.on('error', () => undefined);
  const [stdout, stderr] = [text(git.stdout), text(git.stderr)];
  const lines = [`commit ${ref}`, 'mark :1', 'committer Ada <ada@example.com> 1700000000 +0000', data(message)];
  if (parent !== undefined) lines.push(`from ${parent}`);
  lines.push('deleteall');
  for (const [path, contents] of tree) lines.push(`M 100644 inline ${path}`, data(contents));
  git.stdin.end(`${lines.join('\n')}\n\nget-mark :1\ndone\n`);
  const [code] = await closed;
  if (code !== 0) throw new Error(`git fast-import ended with ${code}: ${await stderr}`);
  return (await stdout).trim();
}

function data(contents: string): string {
  return `data ${Buffer.byteLength(contents)}\n${contents}`;
}
