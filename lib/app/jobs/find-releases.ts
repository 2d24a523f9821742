import { canonicalName, tryParseImageRef } from '../../domain/images/image-ref.ts';
import { mayTake } from '../../domain/images/may-take.ts';
import type { Change, ImageChange } from '../../domain/jobs/change.ts';
import type { Cause, ImageJob, ReleaseJob } from '../../domain/jobs/job.ts';
import { releaseGroup } from '../../domain/jobs/release-group.ts';
import { queueRun } from '../../domain/jobs/run.ts';
import { runIdOf } from '../../domain/jobs/run-id.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Store } from '../ports.ts';
import { type ImageEvent, noteEvent } from '../records/image-events.ts';
import { findUses, type IndexEntry } from '../records/image-index.ts';
import { createRun } from '../records/runs.ts';
import type { JobPorts } from './job-ports.ts';
import { sendReleases } from './send-jobs.ts';

/** What pushes of images ask for in one branch of one repository. */
export interface WantedRelease {
  readonly url: string;
  readonly branch: string;
  readonly targets: readonly string[];
  readonly events: readonly ImageEvent[];
}

export interface FoundReleases {
  readonly releases: readonly WantedRelease[];
  /** Images that no target was found to use: the index may be behind a sync that is under way. */
  readonly unused: readonly ImageEvent[];
}

/** A target that images may be written for without being asked. */
export function isAutomatedTarget({ automation, suspend }: Target): boolean {
  return automation?.enabled === true && !suspend;
}

/** Who waits for the images of a delivery: one query for each image, and none where no target is automated. */
export async function findReleases(
  changes: readonly Change[],
  targets: ReadonlyMap<string, Target>,
  store: Store,
): Promise<FoundReleases> {
  const events = [...targets.values()].some(isAutomatedTarget) ? eventsOf(changes) : [];
  const releases = new Map<string, WantedRelease>();
  const unused: ImageEvent[] = [];
  const uses = new Map<string, readonly IndexEntry[]>();
  for (const event of events) {
    const entries = uses.get(event.image) ?? (await findUses(store, event.image));
    uses.set(event.image, entries);
    if (entries.length === 0) unused.push(event);
    for (const entry of entries) {
      const target = targets.get(entry.target);
      if (target !== undefined && waits(entry, target, event)) add(releases, target, event);
    }
  }
  const order = [...targets.keys()];
  const sorted = [...releases.values()].map((release) => {
    const names = new Set(release.targets);
    return { ...release, targets: order.filter((name) => names.has(name)) };
  });
  return { releases: sorted, unused };
}

function eventsOf(changes: readonly Change[]): readonly ImageEvent[] {
  const events = new Map<string, ImageEvent>();
  for (const { image, tag } of changes.filter((change): change is ImageChange => change.kind === 'image')) {
    const name = tryParseImageRef(image);
    if (name === undefined) continue;
    const event = { image: canonicalName(name), ...(tag !== undefined && { tag }) };
    events.set(`${event.image}:${tag}`, event);
  }
  return [...events.values()];
}

/** Whether something of the target may take the tag. */
function waits({ filters, chosen }: IndexEntry, target: Target, { tag }: ImageEvent): boolean {
  if (!isAutomatedTarget(target)) return false;
  if (chosen || tag === undefined) return chosen || filters.length > 0;
  return filters.some((filter) => mayTake(filter, tag));
}

function add(releases: Map<string, WantedRelease>, { name, source }: Target, event: ImageEvent): void {
  const group = releaseGroup(source);
  const { url, branch, targets, events } = releases.get(group) ?? { ...source, targets: [], events: [] };
  releases.set(group, {
    url,
    branch,
    targets: targets.includes(name) ? targets : [...targets, name],
    events: events.includes(event) ? events : [...events, event],
  });
}

export interface ReleaseRequest {
  /** Names the delivery; a hash. */
  readonly delivery: string;
  readonly by: string;
  /** Of its first arrival, epoch milliseconds. */
  readonly at: number;
}

/** The id of the run of a release. */
export function releaseRun({ url, branch }: WantedRelease, { delivery, at }: ReleaseRequest): string {
  return runIdOf(at, [delivery, 'release', releaseGroup({ url, branch })]);
}

/** Notes the events, records the run and sends the job of each release; what is repeated comes out the same. */
export async function queueReleases(
  wanted: readonly WantedRelease[],
  request: ReleaseRequest,
  { store, queue, clock }: JobPorts,
): Promise<void> {
  const cause: Cause = { kind: 'image', by: request.by };
  const jobs: ReleaseJob[] = [];
  for (const release of wanted) {
    const { url, branch, targets, events } = release;
    const run = releaseRun(release, request);
    const spec = { type: 'auto' } as const;
    const job: ReleaseJob = { kind: 'release', url, branch, targets: [...targets], spec, run, cause, attempt: 0 };
    const now = clock();
    await Promise.all([
      ...events.map((event) => noteEvent(store, releaseGroup(job), event, now)),
      createRun(store, queueRun(job, request.at), now),
    ]);
    jobs.push(job);
  }
  await sendReleases(queue, jobs);
}

/** Once more, for images that nobody was found to use; what nobody uses now is nobody's. */
export async function lookAgain({ images, by, delivery, at }: ImageJob, ports: JobPorts): Promise<void> {
  const changes = images.map(({ image, tag }): ImageChange => {
    return { kind: 'image', image, ...(tag !== undefined && { tag }) };
  });
  const { releases } = await findReleases(changes, ports.targets, ports.store);
  await queueReleases(releases, { delivery, by, at }, ports);
}
