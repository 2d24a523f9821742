import { commitOf } from '../domain/revision.ts';
import { isBehind } from '../domain/skip.ts';
import type { Behind, SyncContext } from './outcome.ts';
import type { Clock, Git } from './ports.ts';

/** Seconds between the questions to a forge that still answers with the head before the push (DESIGN §3). */
const pauses = [1, 2, 4, 8];
const askAgainAfterSeconds = 15;
/** After this time the head counts: a force push may have made the announced commit unreachable. */
const believeAfterMilliseconds = 60_000;

export interface HeadPorts {
  readonly git: Git;
  readonly clock: Clock;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** The commit that the branch is at, once the forge shows what it announced; else when to ask again. */
export async function resolveHead(context: SyncContext, ports: HeadPorts): Promise<string | Behind> {
  const { source } = context.target;
  let head = await ports.git.head(source, context.signal);
  for (const seconds of pauses) {
    if (!isStale(head, context, ports.clock())) return head;
    await ports.sleep(seconds * 1000);
    context.signal.throwIfAborted();
    head = await ports.git.head(source, context.signal);
  }
  return isStale(head, context, ports.clock()) ? { kind: 'behind', afterSeconds: askAgainAfterSeconds } : head;
}

function isStale(head: string, { job, applied }: SyncContext, now: number): boolean {
  if (job.behindSince !== undefined && now - job.behindSince >= believeAfterMilliseconds) return false;
  return isBehind(head, job, applied && commitOf(applied));
}
