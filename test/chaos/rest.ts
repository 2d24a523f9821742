import { setTimeout as sleep } from 'node:timers/promises';
import { type Run, RunPage, TargetList } from '../../lib/api.ts';
import type { Serve } from '../e2e/serve.ts';
import { checkTarget, readHolding } from './check-cluster.ts';
import { placesOf, readHeads } from './expected.ts';
import { pushLast } from './push.ts';
import type { Random } from './random.ts';
import { checkStay } from './stays.ts';
import { type Scene, startAgain } from './strike.ts';
import type { World } from './world.ts';

export interface Rest {
  readonly lost: readonly string[];
  readonly untracked: readonly string[];
  /** Every run, as text. */
  readonly runs: string;
}

/** Longer than the longest pause between two attempts of a job. */
const retrySeconds = 11 * 60;
/** Longer than the interval of a target. */
const intervalSeconds = 62 * 60;
const stalledMs = 6000;
const firstRestMs = 12_000;

/** Everything works again, and every branch can be applied. */
export async function heal({ world, postman }: Scene, random: Random): Promise<void> {
  const { git, door, proxy } = world;
  proxy.clear();
  git.fault = undefined;
  git.bytesPerSecond = undefined;
  await git.freeze(0);
  await door.open();
  door.cut();
  for (const stream of world.streams) {
    for (const push of await pushLast(world, stream, random)) postman.post(push, stream.url);
  }
}

/**
 * Waits until nothing is on its way, letting time pass: what a target lacks when every retry had its time is lost, unless its last run
 * says that it failed; what it lacks after its interval is lost in any case. That nothing changes any more, and not the deadline, ends the
 * waiting: a slow machine loses nothing.
 */
export async function comeToRest(scene: Scene, deadline: number): Promise<Rest> {
  const { world, postman, say } = scene;
  const { serve } = world;
  const lost: string[] = [];
  if (!(await postman.deliverAll(Math.min(deadline - Date.now(), 10_000)))) lost.push('deliveries that nobody takes');
  say('everything is delivered');
  await untilIdle(world, Math.min(deadline, Date.now() + firstRestMs));
  await letPass(retrySeconds, scene);
  await untilIdle(world, deadline);
  say('every retry had its time');

  let findings = await compare(scene);
  const { targets } = TargetList.parse((await serve.request('GET', '/v1/targets')).body);
  const failed = new Set(targets.filter(({ lastRun }) => lastRun?.status === 'failed').map(({ name }) => name));
  for (const [target, { lost: missing }] of findings) {
    if (missing.length > 0 && !failed.has(target))
      lost.push(...missing.map((text) => `${text}, and its last run does not say so`));
  }
  if (failed.size > 0 || [...findings.values()].some((found) => found.lost.length + found.untracked.length > 0)) {
    say(`some targets are tried again: ${[...failed].join(' ')}`);
    await letPass(intervalSeconds, scene);
    await untilIdle(world, deadline);
    findings = await compare(scene);
  }
  const runs = await readRuns(serve);
  const known = new Map(runs.map((run) => [run.id, run]));
  for (const id of postman.runs) {
    const run = known.get(id);
    if (run === undefined) lost.push(`run ${id} of an accepted delivery is not known`);
    else if (!isOver(run)) lost.push(`${run.target}: run ${id} of an accepted delivery is still ${run.status}`);
  }
  say(`${runs.length} runs, ${postman.runs.size} of accepted deliveries`);
  return {
    lost: [...lost, ...[...findings.values()].flatMap((found) => found.lost)],
    untracked: [...findings.values()].flatMap((found) => found.untracked),
    runs: JSON.stringify(runs),
  };
}

async function letPass(seconds: number, scene: Scene): Promise<void> {
  await scene.world.serve.kill();
  scene.world.clock.shift(seconds);
  await startAgain(scene);
}

async function compare({ world, stays }: Scene) {
  const [heads, holding] = [await readHeads(world), await readHolding(world.api.ask)];
  return new Map(
    placesOf(world.streams).map((place) => {
      const stay = stays.get(place.target);
      const found = checkTarget(place, stay?.head ?? heads.get(place.target) ?? [], holding);
      return [place.target, stay === undefined ? found : checkStay(place.target, stay, found, holding)];
    }),
  );
}

/** An attempt that is further away is not waited for: the clock is set forward to it. */
const soonMs = 8000;

/** Until every run is over or waits for a later attempt, or nothing has changed for a while. */
export async function untilIdle({ serve, clock }: Pick<World, 'serve' | 'clock'>, deadline: number): Promise<void> {
  function isResting(run: Run): boolean {
    return isOver(run) || (run.againAt !== undefined && Date.parse(run.againAt) > clock.now() + soonMs);
  }
  let seen = '';
  for (let end = Date.now() + stalledMs; Date.now() < Math.min(end, deadline); await sleep(250)) {
    const runs = await serve.runs();
    const text = JSON.stringify(runs);
    if (text !== seen) end = Date.now() + stalledMs;
    seen = text;
    if (runs.every(isResting) && (await readRuns(serve)).every(isResting)) return;
  }
}

async function readRuns(serve: Serve): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let after = ''; ; ) {
    const { body } = await serve.request('GET', `/v1/runs${after}`);
    const page = RunPage.parse(body);
    runs.push(...page.runs);
    if (page.next === undefined) return runs;
    after = `?after=${encodeURIComponent(page.next)}`;
  }
}

function isOver({ status }: Run): boolean {
  return status !== 'queued' && status !== 'running';
}
