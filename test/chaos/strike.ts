import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiServerFault, GitServerFault, ProcessFault } from './faults.ts';
import { edit } from './manifests.ts';
import type { Postman } from './postman.ts';
import type { SmallDisk } from './small-disk.ts';
import type { Stay } from './stays.ts';
import { runSuccessor } from './successor.ts';
import type { Stream, World } from './world.ts';

/** What strikes share: the world, and what they say of it. */
export interface Scene {
  readonly world: World;
  readonly postman: Postman;
  readonly disk: SmallDisk | undefined;
  /** Targets that are pinned or suspended in the cluster, by name. */
  readonly stays: ReadonlyMap<string, Stay>;
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
      const stream = world.streams[fault.branch];
      if (stream === undefined || stream.branch.isDeleted) return;
      await pushEverywhere(stream, scene);
      const missing = await untilWritten(stream, fault.writes, scene);
      await serve.kill();
      if (missing > 0) scene.say(`killed although ${missing} writes did not come`);
      else count(scene, 'kill in the middle of an apply');
      count(scene, 'kill');
      await goBack(stream, fault.back, scene);
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
      const stream = world.streams[fault.branch];
      if (stream !== undefined) await goBack(stream, 'force push', scene);
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
      await loseStore(fault.how, scene);
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

async function loseStore(how: 'deleted' | 'emptied', { world, postman }: Scene): Promise<void> {
  postman.forget();
  const { data } = world.serve;
  if (how === 'emptied') {
    const database = new DatabaseSync(join(data, 'sluice.db'));
    database.exec('DELETE FROM items');
    return database.close();
  }
  for (const entry of await readdir(data)) await rm(join(data, entry), { recursive: true, force: true });
}

/** A commit that changes every target of a branch. */
async function pushEverywhere({ branch, places, url }: Stream, { world, postman }: Scene): Promise<void> {
  let tree = branch.tree;
  for (const place of places) tree = edit(tree, place, world.editor);
  postman.post(await branch.commit(tree), url);
}

/** Watches what reaches the API server for the targets of a branch; no longer than five seconds. Resolves with how many are missing. */
async function untilWritten({ places }: Stream, writes: number, { world }: Scene): Promise<number> {
  const { requests } = world.proxy;
  const names = places.flatMap(({ namespace, target }) => [
    `/namespaces/${namespace}/`,
    `/configmaps/sluice-${target}`,
  ]);
  let at = requests.length;
  let left = writes;
  for (const end = Date.now() + 5000; left > 0 && Date.now() < end; await sleep(1)) {
    for (; at < requests.length; at += 1) {
      const { method, path } = requests[at] ?? {};
      if (method !== 'GET' && names.some((name) => path?.includes(name))) left -= 1;
    }
  }
  return Math.max(left, 0);
}

async function goBack({ branch, url }: Stream, how: 'revert' | 'force push', { postman }: Scene): Promise<void> {
  if (branch.isDeleted || branch.depth === 0) return;
  postman.post(how === 'revert' ? await branch.revert() : await branch.back(), url);
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
