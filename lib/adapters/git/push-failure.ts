import { Failure, withHelp } from '../../domain/failure.ts';
import { withoutCredentials } from './address.ts';
import { type Exchange, gitFailure } from './failures.ts';

/** What `git push --porcelain` said of the one branch, and beside it. */
export interface PushAnswer {
  readonly stdout: string;
  readonly stderr: string;
}

/** Another writer was faster: what git and servers say of a branch that is no longer where it was. */
const moved =
  /stale info|fetch first|non-fast-forward|cannot lock ref|failed to lock|lock.failure|failed to update ref|incorrect old value|reference already exists/i;

/** What servers answer to who may read a repository and not write to it. */
const readOnly =
  /archived|denied to |read[- ]only|write access|returned error: 403|not allowed to (push|upload)|access denied|service not enabled/i;

/** Whether the push failed only because the branch has moved on since. */
export function isMoved({ stdout }: PushAnswer): boolean {
  return moved.test(refusalOf(stdout) ?? '');
}

/** Whether the branch was there before: another writer made the very same commit in the same second, and this change is still to be made. */
export function isUpToDate({ stdout }: PushAnswer): boolean {
  return /^=\t/m.test(stdout);
}

/** The Failure that a push without success is, with the server's reason in one line. */
export function pushFailure(exchange: Exchange, branch: string, { stdout, stderr }: PushAnswer): Failure {
  const about = `Cannot push to "${branch}" of "${withoutCredentials(exchange.address.url)}"`;
  const refused = refusalOf(stdout);
  const reason = reasonOf(stderr);
  if (refused !== undefined) {
    const state = reason === undefined ? refused : `${reason} (${refused})`;
    return new Failure('user', `${about}: the server refuses it: ${state}`, {
      code: 'Refused',
      help: 'Let the account of automation.auth push to the branch, or set automation.push to pullRequest',
    });
  }
  if (readOnly.test(stderr))
    return new Failure('user', `${about}: ${reason ?? 'the credentials may not write to it'}`, {
      code: 'Forbidden',
      help: mayWrite(exchange),
    });
  const failure = gitFailure('push to', exchange, stderr);
  return failure.code === 'Unauthorized' ? withHelp(failure, mayWrite(exchange)) : failure;
}

function mayWrite({ credentials }: Exchange): string {
  return credentials === undefined
    ? 'Add automation.auth with a credential that may write to the repository'
    : `Check that the secret ${credentials} may write to the repository, or give automation.auth one that may`;
}

/** Of `!<tab><from>:<to><tab>[remote rejected] (<reason>)`, what stands in the brackets at its end. */
function refusalOf(stdout: string): string | undefined {
  const summary = /^!\t[^\t\n]*\t([^\n]*)$/m.exec(stdout)?.[1];
  return summary === undefined ? undefined : (/\(([^()]*)\)$/.exec(summary)?.[1] ?? summary);
}

const maxReason = 300;
const telling = /denied|declin|not allowed|protect|refus|reject|archived|permission|must|cannot|read[- ]only|GH\d{3}/i;

/** The line in which the server says why: it comes with others, some of them drawn. */
function reasonOf(stderr: string): string | undefined {
  const lines = withoutCredentials(stderr)
    .split('\n')
    .map((line) => /^(?:remote: |ERROR: )(?:\s*(?:error|fatal|ERROR):)?(.*)$/.exec(line)?.[1]?.trim() ?? '')
    .filter((line) => /[a-z]/i.test(line) && !/^(Resolving|Counting|Compressing|Processing|Enumerating)\b/.test(line));
  const line = lines.find((candidate) => telling.test(candidate)) ?? lines[0];
  return line?.replaceAll(/\p{Cc}/gu, ' ').slice(0, maxReason);
}
