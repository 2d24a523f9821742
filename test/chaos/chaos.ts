import { foreignObjects, readHolding } from './check-cluster.ts';
import { beginCalmly, strikeUntil } from './lanes.ts';
import { createPostman } from './postman.ts';
import { watchProcesses } from './process-listing.ts';
import { createRandom } from './random.ts';
import { comeToRest, heal } from './rest.ts';
import { tellToStay } from './stays.ts';
import type { Scene } from './strike.ts';
import { openWorld } from './world.ts';

export interface ChaosOptions {
  /** The same seed draws the same pushes and the same faults, in the same order. */
  readonly seed: number;
  /** For how long things go wrong at most. */
  readonly seconds: number;
  /** Things go wrong until `sluice serve` was killed so often, or so many deliveries were sent. */
  readonly kills?: number | undefined;
  readonly deliveries?: number | undefined;
  readonly say: (line: string) => void;
}

/** What was found when everything had come to rest, a sentence for each. */
export interface Verdict {
  /** A head that is not in the cluster; an accepted delivery without a run that ended. */
  readonly lost: readonly string[];
  /** An object of ours that git does not have or its inventory does not tell. */
  readonly untracked: readonly string[];
  /** An object of another owner that was touched. */
  readonly foreign: readonly string[];
  /** A secret in a log, an answer, a run or a process listing. */
  readonly leaked: readonly string[];
  /** All that `sluice serve` printed. */
  readonly log: string;
}

/** What is left of the half minute after the faults; a machine that is slow to start is as slow to come to rest, and its faults end earlier. */
const leastRestMs = 12_000;
/** However slow: a run without a fault says nothing. */
const leastFaultsMs = 1500;
/** By then all is at rest, however slow the machine. */
const restSeconds = 75;

export async function runChaos({ seed, seconds, kills, deliveries, say }: ChaosOptions): Promise<Verdict> {
  const begin = Date.now();
  await using world = await openWorld(seed);
  const { disk } = world;
  if (disk === undefined) say('skipped: the disk full (needs a user who may mount a tmpfs)');
  const { serve, canaries } = world;
  const listing = watchProcesses(() => serve.pid, canaries);
  const answers: string[] = [];
  const postman = createPostman(
    async ({ url, ref, before, after, delivery }) => {
      const { status, body } = await serve.deliver({ url, ref, before, after, delivery });
      answers.push(JSON.stringify(body));
      return { status, runs: body?.runs ?? [] };
    },
    createRandom(seed, 'deliveries'),
  );
  const calm: Scene = { world, postman, disk, stays: new Map(), done: new Map(), printed: [], say };
  const foreign = foreignObjects(await readHolding(world.api.ask));

  await beginCalmly(calm);
  const scene = { ...calm, stays: await tellToStay(world) };
  const startMs = Date.now() - begin;
  const restAt = begin + (seconds + 30) * 1000 - Math.max(leastRestMs, startMs);
  const end = Math.min(Date.now() + seconds * 1000, Math.max(restAt, Date.now() + leastFaultsMs));
  say(
    `seed ${seed}: ${[...scene.stays.keys()].join(' and ')} shall stay; faults for ${describe({ seconds, kills, deliveries })}`,
  );
  await strikeUntil({ end, kills, deliveries }, seed, scene);
  say(`faults are over: ${[...scene.done].map(([what, times]) => `${times} × ${what}`).join(', ')}`);

  await heal(scene, createRandom(seed, 'last pushes'));
  const found = await comeToRest(scene, Date.now() + restSeconds * 1000);
  const holding = await readHolding(world.api.ask);
  const touched = foreign.filter(
    ({ kind, metadata: { uid, resourceVersion } }) =>
      !foreignObjects(holding).some(
        (object) =>
          object.metadata.uid === uid && object.metadata.resourceVersion === resourceVersion && object.kind === kind,
      ),
  );
  await postman.stop();
  await listing.stop();
  say(`${postman.sent} deliveries, ${postman.accepted} accepted; ${listing.seen} child processes looked at`);
  const told = {
    log: serve.output,
    'log of a successor': scene.printed.join(''),
    answer: answers.join(''),
    run: found.runs,
  };
  return {
    lost: [...found.lost, ...postman.complaints],
    untracked: found.untracked,
    foreign: touched.map(({ kind, metadata }) => `${metadata.namespace}:${kind}/${metadata.name} was touched`),
    leaked: [
      ...Object.entries(told).flatMap(([where, text]) => canaries.foundIn(text).map((secret) => `${where}: ${secret}`)),
      ...listing.found,
    ],
    log: serve.output,
  };
}

function describe({ seconds, kills, deliveries }: Omit<ChaosOptions, 'seed' | 'say'>): string {
  const asked = [kills !== undefined && `${kills} kills`, deliveries !== undefined && `${deliveries} deliveries`];
  return [...asked.filter(Boolean), Number.isFinite(seconds) && `${seconds} s at most`].filter(Boolean).join(', ');
}
