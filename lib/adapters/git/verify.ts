import { Failure } from '../../domain/failure.ts';
import type { Keyring } from './keyring.ts';
import type { JudgedCommit } from './last-good.ts';
import type { View } from './view.ts';

/** `%G?` of git-log(1), but G, which alone counts (facts/flux-v1.md §1.3). */
const faults: Readonly<Record<string, string>> = {
  N: 'it has no signature',
  B: 'its signature is bad',
  U: 'its signature is by a key that is not among verify.keys',
  E: 'its signature is by a key that is not among verify.keys',
  X: 'its signature has expired',
  Y: 'its signature is by a key that has expired',
  R: 'its signature is by a key that was revoked',
};

/** One commit, judged. */
export async function judgeCommit(view: View, commit: string, keyring: Keyring): Promise<JudgedCommit> {
  const [judged] = await judge(view, ['--no-walk', commit], keyring);
  if (judged === undefined)
    throw new Failure('server', `Cannot verify commit "${commit}": it is not here`, { code: 'GitFailed' });
  return judged;
}

/**
 * What `head` has and `from` has not, parents before children; without `from` all history. With `firstParent` the line of first
 * parents back to that of `from`, so that what came to `from` by a merge, unverified, does not count as verified.
 */
export async function judgeHistory(
  view: View,
  head: string,
  from: string | undefined,
  firstParent: boolean,
  keyring: Keyring,
): Promise<readonly JudgedCommit[]> {
  const range = from === undefined ? [head] : [head, `^${from}`];
  const line = firstParent ? ['--first-parent', '--exclude-first-parent-only'] : [];
  return await judge(view, ['--topo-order', '--reverse', ...line, ...range], keyring);
}

async function judge(view: View, args: readonly string[], keyring: Keyring): Promise<readonly JudgedCommit[]> {
  const output = await view.run(['log', '--format=%H%x09%P%x09%G?', ...args, '--'], {
    environment: keyring.environment,
  });
  const lines = output
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => {
    const [id = '', parents = '', status = ''] = line.split('\t');
    return {
      id,
      parents: parents.split(' ').filter((parent) => parent !== ''),
      fault: status === 'G' ? undefined : (faults[status] ?? `git says "${status}" of its signature`),
    };
  });
}
