import type { Serve } from '../e2e/serve.ts';
import { foreignObjects, readHolding } from './check-cluster.ts';
import { beginCalmly, strikeUntil } from './lanes.ts';
import { createPostman } from './postman.ts';
import { watchProcesses } from './process-listing.ts';
import { createRandom } from './random.ts';
import { comeToRest, heal } from './rest.ts';
import { mountSmallDisk } from './small-disk.ts';
import type { Scene } from './strike.ts';
import { openWorld } from './world.ts';

export interface ChaosOptions {
  /** The same seed draws the same pushes and the same faults, in the same order. */
  readonly seed: number;
  /** For how long things go wrong. */
  readonly seconds: number;
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

/** What starting may take of the half minute that is for everything but faults; if it takes longer the faults end earlier. */
const startSeconds = 13;
/** By then all is at rest, however slow the machine; otherwise it takes a third of it. */
const restSeconds = 75;

export async function runChaos({ seed, seconds, say }: ChaosOptions): Promise<Verdict> {
  const begin = Date.now();
  await using world = await openWorld(seed);
  using disk = await useSmallDisk(world.serve);
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
  const scene: Scene = { world, postman, disk, done: new Map(), printed: [], say };
  const foreign = foreignObjects(await readHolding(world.api.ask));

  await beginCalmly(scene);
  const end = Math.min(Date.now() + seconds * 1000, begin + (seconds + startSeconds) * 1000);
  say(`seed ${seed}: faults for ${Math.round((end - Date.now()) / 1000)} s`);
  await strikeUntil(end, seed, scene);
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

/** The data of `sluice serve` on a disk of their own. */
async function useSmallDisk(serve: Serve) {
  await serve.kill();
  const disk = mountSmallDisk(serve.data);
  await serve.restart();
  return disk;
}
