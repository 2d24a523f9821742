import { setTimeout as sleep } from 'node:timers/promises';
import { drawApiServerFault, drawGitServerFault, drawProcessFault, type Planned } from './faults.ts';
import { pushSomething } from './push.ts';
import { createRandom, type Random } from './random.ts';
import { untilIdle } from './rest.ts';
import { count, type Scene, strikeApiServer, strikeGitServer, strikeProcess } from './strike.ts';

const pushEveryMs = 250;
/** Until a server answers again. */
const restartMs = 3000;
/** For the first sync of every target. */
const calmMs = 6000;

/** Four lanes at once, each in the order that its seed draws: pushes, and what happens to the process and to the servers. */
export async function strikeUntil(end: number, seed: number, scene: Scene): Promise<void> {
  const { world, postman, say } = scene;

  async function lane<T extends { readonly kind: string }>(
    name: string,
    draw: (random: Random) => Planned<T>,
    strike: (fault: T, scene: Scene) => Promise<void>,
  ): Promise<void> {
    const random = createRandom(seed, name);
    for (;;) {
      const { after, fault } = draw(random);
      if (Date.now() + after + lasting(fault) >= end) return;
      await sleep(after);
      say(`${name}: ${JSON.stringify(fault)}`);
      count(scene, `${name} ${fault.kind}`);
      await strike(fault, scene);
    }
  }

  async function push(): Promise<void> {
    const random = createRandom(seed, 'pushes');
    for (; Date.now() < end; await sleep(random.int(0, 2 * pushEveryMs))) {
      const stream = random.pick(world.streams);
      postman.post(await pushSomething(world, stream, random), stream.url);
      count(scene, 'push');
    }
  }

  await Promise.all([
    push(),
    lane('process', drawProcessFault, strikeProcess),
    lane('api server', drawApiServerFault, strikeApiServer),
    lane('git server', drawGitServerFault, strikeGitServer),
  ]);
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
  await untilIdle(world.serve, Date.now() + calmMs);
}
