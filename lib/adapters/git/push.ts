import { slow } from './fetch.ts';
import { isMoved, isUpToDate, pushFailure } from './push-failure.ts';
import type { OpenRemote } from './remote.ts';
import type { View } from './view.ts';

export interface Push {
  readonly commit: string;
  readonly branch: string;
  /** Where the branch has to be for it; undefined if it must not be there. */
  readonly from: string | undefined;
}

/**
 * Moves the branch to the commit, if it is still where it was: false if another was faster. A Failure with the code `Unreachable` leaves open
 * whether it was done.
 */
export async function push(view: View, remote: OpenRemote, { commit, branch, from = '' }: Push): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  const args = [
    // A server whose hooks take their time says no more than that it is still there: 5 bytes in 5 seconds.
    '-c',
    'http.lowSpeedLimit=1',
    '-c',
    'http.lowSpeedTime=60',
    'push',
    '--porcelain',
    '--no-progress',
    '--no-verify',
    `--force-with-lease=${ref}:${from}`,
    remote.address.url,
    `${commit}:${ref}`,
  ];
  try {
    const result = await remote.git(args, {
      repository: view.directory,
      directory: remote.home,
      environment: remote.environment,
      timeoutSeconds: remote.timeoutSeconds,
      signal: remote.signal,
    });
    const answer = { stdout: result.stdout.toString('utf8'), stderr: result.stderr };
    if (result.code === 0) return !isUpToDate(answer);
    if (isMoved(answer)) return false;
    throw pushFailure(remote, branch, answer);
  } catch (error) {
    throw slow('push to', remote, error);
  }
}
