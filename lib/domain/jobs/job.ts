import * as z from 'zod/mini';
import { ReleaseSpec } from '../release/release-spec.ts';
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

/** Write to git: images or policies of workloads, in one branch of one repository. A few facts, never a payload. */
export type ReleaseJob = z.infer<typeof ReleaseJob>;
export const ReleaseJob = z.object({
  kind: z.literal('release'),
  /** As in the source of the targets. */
  url: z.string(),
  branch: z.string(),
  /** Names; `auto` is about every target of the repository and branch that is automated, and these are those that it was raised for. */
  targets: z.array(z.string()).check(z.minLength(1)),
  spec: ReleaseSpec,
  /** The run that records this job. It exists, `queued`, before the job is sent; that of a sweep begins once there is something to write. */
  run: runId,
  cause: Cause,
  /** What someone who asked for it says about it: the text of the commit. */
  message: z.optional(z.string()),
  /** Only say what would be written. */
  plan: z.optional(z.boolean()),
  /** How often our own fault has ended this job already. */
  attempt: z._default(z.number(), 0),
});

/** A second look for who uses images of which nobody was found to use any (DESIGN §5.5). */
export type ImageJob = z.infer<typeof ImageJob>;
const ImageJob = z.object({
  kind: z.literal('images'),
  /** As in an ImageChange. */
  images: z.array(z.object({ image: z.string(), tag: z.optional(z.string()) })),
  by: z.string(),
  /** Names the delivery; a hash. */
  delivery: z.string(),
  /** When it arrived, epoch milliseconds. */
  at: z.number(),
});

/** What waits, on the standard queue `check`: a look at health or at who uses an image, or a job whose delay has to pass. */
export type CheckJob = z.infer<typeof CheckJob>;
export const CheckJob = z.union([
  HealthJob,
  ImageJob,
  z.object({ kind: z.literal('resend'), job: z.union([SyncJob, ReleaseJob]) }),
]);

export type Job = SyncJob | ReleaseJob | CheckJob;
