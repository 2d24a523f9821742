import type { GitChange } from '../domain/jobs/change.ts';

/** What every forge says of a ref, under its own names. */
interface RefUpdate {
  readonly urls: readonly string[];
  /** Full name of the ref. */
  readonly ref: string;
  /** Object ids; zeros where there was or is none. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** The change that a ref's update is; none if the ref was deleted: there is nothing to bring a target to. */
export function gitChanges({ urls, ref, before, after }: RefUpdate): readonly GitChange[] {
  if (after !== undefined && zeros.test(after)) return [];
  return [
    {
      kind: 'git',
      urls,
      ref,
      ...(before !== undefined && isCommit(before) && { before }),
      ...(after !== undefined && isCommit(after) && { after }),
    },
  ];
}

const zeros = /^0+$/;

function isCommit(id: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(id) && !zeros.test(id);
}
