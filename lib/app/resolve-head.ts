import { commitOf } from '../domain/jobs/revision.ts';
import { believeAfterMs, isBehind, type Wanted } from '../domain/jobs/skip.ts';
import type { Behind, SyncContext } from './outcome.ts';
import type { Clock, Git, Store } from './ports.ts';
import { readWanted } from './records/wanted.ts';

/** Seconds between the questions to a forge that still answers with the head before the push (DESIGN §3). */
const pauses = [1, 2, 4, 8];
const askAgainAfterSeconds = 15;

export interface HeadPorts {
  readonly git: Git;
  readonly store: Store;
  readonly clock: Clock;
  /** Rejects when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface Head {
  readonly kind: 'head';
  readonly commit: string;
  /** The newest delivery that had arrived when the forge was asked. */
  readonly wanted: Wanted | undefined;
}

/** The commit that the branch is at, once the forge shows what it announced; else when to ask again. */
export async function resolveHead(context: SyncContext, ports: HeadPorts): Promise<Head | Behind> {
  const { target, job, signal } = context;
  let wanted = context.wanted;
  // A push has been answered for by whatever was asked since it arrived; who only wants to compare asks anew.
  const since = job.cause.kind === 'push' ? wanted?.at : undefined;
  let commit = await ports.git.head(target.source, { signal, since });
  for (const seconds of pauses) {
    if (!isStale(commit, wanted, context, ports.clock())) return { kind: 'head', commit, wanted };
    await ports.sleep(seconds * 1000, signal);
    wanted = await readWanted(ports.store, target.name);
    commit = await ports.git.head(target.source, { signal });
  }
  if (!isStale(commit, wanted, context, ports.clock())) return { kind: 'head', commit, wanted };
  return { kind: 'behind', afterSeconds: askAgainAfterSeconds };
}

function isStale(commit: string, wanted: Wanted | undefined, { job, applied }: SyncContext, now: number): boolean {
  const since = job.wanted ?? job.behindSince;
  if (since !== undefined && now - since >= believeAfterMs) return false;
  return isBehind(commit, job, applied && commitOf(applied), wanted);
}
