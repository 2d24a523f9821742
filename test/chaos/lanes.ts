import { setTimeout as sleep } from 'node:timers/promises';
import {
  drawApiServerFault,
  drawGitServerFault,
  drawKeeping,
  drawKill,
  drawProcessFault,
  type Planned,
} from './faults.ts';
import { isDamaged } from './manifests.ts';
import { pushSomething } from './push.ts';
import { createRandom, type Random } from './random.ts';
import { untilIdle } from './rest.ts';
import { count, type Scene, strikeApiServer, strikeGitServer, strikeProcess } from './strike.ts';

const pushEveryMs = 250;
/** Until a server answers again. */
const restartMs = 3000;
/** For the first sync of every target. */
const calmMs = 6000;

/** How long things go wrong: until the time is up, or as many things as are asked for have happened. */
export interface Limits {
  /** Epoch milliseconds. */
  readonly end: number;
  /** SIGKILLs of `sluice serve`; absent: any number, among other things that happen to it. */
  readonly kills?: number | undefined;
  /** Deliveries that were sent; then the store is not lost, and every one of them has to have its run. */
  readonly deliveries?: number | undefined;
}

/** Four lanes at once, each in the order that its seed draws: pushes, and what happens to the process and to the servers. */
export async function strikeUntil(limits: Limits, seed: number, scene: Scene): Promise<void> {
  const { world, postman, say } = scene;
  const { end, kills, deliveries } = limits;

  const drawFault = kills !== undefined ? drawKill : deliveries !== undefined ? drawKeeping : drawProcessFault;
  let broken: unknown;

  function isEnough(): boolean {
    if (broken !== undefined || Date.now() >= end) return true;
    if (kills === undefined && deliveries === undefined) return false;
    return (scene.done.get('kill') ?? 0) >= (kills ?? 0) && postman.sent >= (deliveries ?? 0);
  }

  async function lane<T extends { readonly kind: string }>(
    name: string,
    draw: (random: Random) => Planned<T>,
    strike: (fault: T, scene: Scene) => Promise<void>,
  ): Promise<void> {
    const random = createRandom(seed, name);
    for (;;) {
      const { after, fault } = draw(random);
      if (isEnough() || Date.now() + after + lasting(fault) >= end) return;
      await sleep(after);
      if (isEnough()) return;
      say(`${name}: ${JSON.stringify(fault)}`);
      count(scene, `${name} ${fault.kind}`);
      await strike(fault, scene);
    }
  }

  async function push(): Promise<void> {
    const random = createRandom(seed, 'pushes');
    const pause = deliveries === undefined ? 2 * pushEveryMs : 20;
    for (; !isEnough(); await sleep(random.int(0, pause))) {
      const stream = random.pick(world.streams);
      postman.post(await pushSomething(world, stream, random), stream.url);
      count(scene, 'push');
      const { branch, places } = stream;
      if (places.some((place) => isDamaged(branch.tree, place))) count(scene, 'push with a malformed Secret');
    }
  }

  const lanes = [
    push(),
    lane('process', drawFault, strikeProcess),
    lane('api server', drawApiServerFault, strikeApiServer),
    lane('git server', drawGitServerFault, strikeGitServer),
  ];
  // What breaks in one of them is told when the others are done with the world: it is taken down after that.
  await Promise.all(
    lanes.map((running) =>
      running.catch((error: unknown) => {
        broken ??= error;
      }),
    ),
  );
  if (broken !== undefined) throw broken;
}

/** How long it will take until the fault is over, about. */
function lasting(fault: { readonly kind: string; readonly for?: number }): number {
  return fault.for ?? (fault.kind === 'kill' ? restartMs : 0);
}

/** Every branch is told of for the first time, and nothing goes wrong yet. */
export async function beginCalmly({ world, postman }: Scene): Promise<void> {
  for (const { branch, url } of world.streams) {
    postman.post({ ref: `refs/heads/${branch.name}`, before: '0'.repeat(40), after: branch.head }, url);
  }
  await untilIdle(world, Date.now() + calmMs);
}
