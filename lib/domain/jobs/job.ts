import * as z from 'zod/mini';
import { timeOfRunId } from './run-id.ts';

/** Why something is done: what kind of event, and who or what raised it (`acme-github`, `ci`, `schedule`). */
export type Cause = z.infer<typeof Cause>;
export const Cause = z.object({ kind: z.enum(['push', 'image', 'manual', 'sweep', 'retry']), by: z.string() });

const runId = z.string().check(z.refine((id) => timeOfRunId(id) !== undefined, { error: 'Expected the id of a run' }));

/** Bring one target to the head of its branch, or remove it from its cluster. A few facts, never a payload. */
export type SyncJob = z.infer<typeof SyncJob>;
export const SyncJob = z.object({
  kind: z.literal('sync'),
  target: z.string(),
  /** The run that records this job; it exists, `queued`, before the job is sent. */
  run: runId,
  cause: Cause,
  /** Of a push: its place in the order of the target's deliveries, the `at` of its `Wanted` (DESIGN §3). */
  wanted: z.optional(z.number()),
  /** Commits before and after the push as the sender gave them: hints. */
  before: z.optional(z.string()),
  after: z.optional(z.string()),
  /** Asked for by hand: claim the inventory although another installation holds it. */
  takeOver: z.optional(z.boolean()),
  /** Instead of a sync: delete the target's objects, or only let go of them (APPLY §7). */
  remove: z.optional(z.enum(['objects', 'orphan'])),
  /** How often our own fault has ended this job already. */
  attempt: z._default(z.number(), 0),
  /** When the worker first saw the forge answer with an old head, epoch milliseconds. */
  behindSince: z.optional(z.number()),
  /** When a worker first found an object that is to be applied, or to be gone, still being deleted, epoch milliseconds. */
  deletingSince: z.optional(z.number()),
});

/** A look at the health of a run that waits for it. */
export type HealthJob = z.infer<typeof HealthJob>;
const HealthJob = z.object({
  kind: z.literal('health'),
  target: z.string(),
  run: runId,
  /** Looks that found it not healthy yet. */
  attempt: z._default(z.number(), 0),
});

/** What waits, on the standard queue `check`: a look at health, or a SyncJob whose delay has to pass. */
export type CheckJob = z.infer<typeof CheckJob>;
export const CheckJob = z.union([HealthJob, z.object({ kind: z.literal('resend'), job: SyncJob })]);

export type Job = SyncJob | CheckJob;
