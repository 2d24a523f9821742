import * as z from 'zod/mini';
import type { GitChange } from '../domain/jobs/change.ts';

/** What every forge says of a ref, under its own names. */
interface RefUpdate {
  readonly urls: readonly string[];
  /** Full name of the ref. */
  readonly ref: string;
  /** Object ids; zeros where there was or is none. */
  readonly before?: string | null | undefined;
  readonly after?: string | null | undefined;
  readonly installation?: string | undefined;
}

/** The change that a ref's update is; none if the ref was deleted: there is nothing to bring a target to. */
export function gitChanges({ urls, ref, before, after, installation }: RefUpdate): readonly GitChange[] {
  if (typeof after === 'string' && zeros.test(after)) return [];
  return [
    {
      kind: 'git',
      urls,
      ref,
      ...(isCommit(before) && { before }),
      ...(isCommit(after) && { after }),
      ...(installation !== undefined && { installation }),
    },
  ];
}

/** The full name of a ref. */
export const FullRef = z.string().check(z.startsWith('refs/'));

const zeros = /^0+$/;

/** Whether it is the whole id of an object that is there: forges also give zeros, abbreviations and null. */
export function isCommit(id: string | null | undefined): id is string {
  return typeof id === 'string' && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(id) && !zeros.test(id);
}
