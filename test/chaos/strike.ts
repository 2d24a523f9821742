import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Push } from './branch.ts';
import type { ApiServerFault, GitServerFault, ProcessFault } from './faults.ts';
import type { Postman } from './postman.ts';
import type { SmallDisk } from './small-disk.ts';
import { runSuccessor } from './successor.ts';
import type { Stream, World } from './world.ts';

/** What strikes share: the world, and what they say of it. */
export interface Scene {
  readonly world: World;
  readonly postman: Postman;
  readonly disk: SmallDisk | undefined;
  /** The branch that was pushed to last. */
  readonly last: { stream: Stream };
  /** How often each thing was done. */
  readonly done: Map<string, number>;
  /** What other processes than `world.serve` printed. */
  readonly printed: string[];
  say(line: string): void;
}

const leaseSeconds = 60;

/** Ends when the fault is over, and `sluice serve` runs. */
export async function strikeProcess(fault: ProcessFault, scene: Scene): Promise<void> {
  const { world, disk } = scene;
  const { serve, clock } = world;
  switch (fault.kind) {
    case 'kill':
      return await killAndStartAgain(scene, fault.later);
    case 'kill after writes': {
      await untilWritten(scene, fault.writes);
      await serve.kill();
      count(scene, 'kill');
      await goBack(scene, fault.back);
      return await startAgain(scene);
    }
    case 'freeze': {
      const { pid } = serve;
      process.kill(pid, 'SIGSTOP');
      clock.shift(leaseSeconds + 10);
      await sleep(fault.for);
      process.kill(pid, 'SIGCONT');
      return;
    }
    case 'fail over': {
      const { pid } = serve;
      process.kill(pid, 'SIGSTOP');
      clock.shift(leaseSeconds + 10);
      await goBack(scene, 'force push');
      scene.printed.push(await runSuccessor(serve, fault.for));
      process.kill(pid, 'SIGCONT');
      return;
    }
    case 'clock back':
      clock.shift(-3600);
      await sleep(fault.for);
      if (fault.killed) await killAndStartAgain(scene, 0);
      clock.shift(3600);
      return;
    case 'disk full':
      if (disk === undefined) return;
      await disk.fill();
      await sleep(fault.for);
      if (fault.killed) await serve.kill();
      await disk.free();
      return fault.killed ? await startAgain(scene) : undefined;
    case 'store lost':
      await serve.kill();
      await loseStore(scene);
      return await startAgain(scene);
  }
}

async function killAndStartAgain(scene: Scene, laterSeconds: number): Promise<void> {
  await scene.world.serve.kill();
  count(scene, 'kill');
  scene.world.clock.shift(laterSeconds);
  await startAgain(scene);
}

export async function startAgain({ world, say }: Scene): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await world.serve.restart();
    } catch (error) {
      if (attempt === 3) throw error;
      say(`serve does not start: ${(error as Error).message.slice(-500)}`);
    }
  }
}

async function loseStore({ world, postman }: Scene): Promise<void> {
  postman.forget();
  const { data } = world.serve;
  for (const entry of await readdir(data)) await rm(join(data, entry), { recursive: true, force: true });
}

/** Watches what reaches the API server; no longer than three seconds. */
async function untilWritten({ world }: Scene, writes: number): Promise<void> {
  const { requests } = world.proxy;
  let at = requests.length;
  let left = writes;
  for (const end = Date.now() + 3000; left > 0 && Date.now() < end; await sleep(1)) {
    for (; at < requests.length; at += 1) if (requests[at]?.method !== 'GET') left -= 1;
  }
}

async function goBack({ world, postman, last }: Scene, how: 'revert' | 'force push'): Promise<void> {
  const { branch, url } = last.stream;
  if (branch.isDeleted || branch.depth === 0) return;
  const push: Push = how === 'revert' ? await branch.revert() : await branch.back();
  world.proxy.requests.length = 0;
  postman.post(push, url);
}

export async function strikeApiServer(fault: ApiServerFault, { world }: Scene): Promise<void> {
  const { api, proxy } = world;
  if (fault.kind === 'kill') {
    await api.kill();
    await api.restart();
    return;
  }
  const { kind: _, ...rule } = fault;
  proxy.fail(rule);
}

export async function strikeGitServer(fault: GitServerFault, { world }: Scene): Promise<void> {
  const { git, door } = world;
  switch (fault.kind) {
    case 'kill':
      await door.shut();
      await sleep(fault.for);
      return await door.open();
    case 'cut':
      return door.cut();
    case 'truncate':
      return door.truncate(fault.bytes);
    case 'slow':
      git.bytesPerSecond = 2;
      await sleep(fault.for);
      git.bytesPerSecond = undefined;
      return;
    case 'behind':
      return await git.freeze(fault.seconds);
    case 'answer':
      git.fault = fault.fault;
      await sleep(fault.for);
      git.fault = undefined;
      return;
  }
}

export function count({ done }: Scene, what: string): void {
  done.set(what, (done.get(what) ?? 0) + 1);
}
