import { describe, expect, it } from 'vitest';
import type { SyncContext } from '../../lib/app/outcome.ts';
import type { Git } from '../../lib/app/ports.ts';
import { readWanted, want } from '../../lib/app/records/wanted.ts';
import { type HeadPorts, resolveHead } from '../../lib/app/resolve-head.ts';
import type { SyncJob } from '../../lib/domain/jobs/job.ts';
import { formatRevision } from '../../lib/domain/jobs/revision.ts';
import { createLog } from '../../lib/log.ts';
import { commit, createJobWorld, targetsOf } from './jobs/job-world.ts';

const target = targetsOf({ name: 'shop' }).get('shop')!;
const push = { before: commit('a'), after: commit('b') };

/** A forge that answers with these heads, one a question, and what was slept between them. */
function forge(heads: readonly string[], onQuestion = async (_count: number): Promise<void> => undefined) {
  const world = createJobWorld();
  const slept: number[] = [];
  let questions = 0;
  async function head(): Promise<string> {
    await onQuestion(++questions);
    return heads[Math.min(questions, heads.length) - 1] ?? '';
  }
  const ports: HeadPorts = {
    git: { head } as unknown as Git,
    store: world.ports.store,
    clock: world.now,
    async sleep(milliseconds) {
      slept.push(milliseconds / 1000);
      world.advance(milliseconds / 1000);
    },
  };
  async function resolve(hints: Partial<SyncJob> = push, applied: string | undefined = undefined) {
    const context: SyncContext = {
      target,
      job: { kind: 'sync', target: 'shop', run: 'r', cause: { kind: 'push', by: 'x' }, attempt: 0, ...hints },
      signal: new AbortController().signal,
      held: () => undefined,
      log: createLog(() => undefined),
      applied: applied === undefined ? undefined : formatRevision('main', applied),
      verifiedUpTo: undefined,
      wanted: await readWanted(world.ports.store, 'shop'),
      started: async () => undefined,
    };
    const found = await resolveHead(context, ports);
    return found.kind === 'head' ? found.commit : found;
  }
  return { world, slept, resolve };
}

describe('the head of a branch', () => {
  it('is asked for again after 1, 2, 4 and 8 s while it is that before the push, and then the job goes back', async () => {
    const late = forge([commit('a'), commit('a'), commit('b')]);
    expect(await late.resolve()).toBe(commit('b'));
    expect(late.slept).toEqual([1, 2]);
    const behind = forge([commit('a')]);
    expect(await behind.resolve()).toEqual({ kind: 'behind', afterSeconds: 15 });
    expect(behind.slept).toEqual([1, 2, 4, 8]);
  });

  it('counts at once where nobody says what was pushed, and a minute after the push arrived', async () => {
    const { world, slept, resolve } = forge([commit('a')]);
    expect(await resolve({ before: commit('a') })).toBe(commit('a'));
    expect(await resolve({ ...push, wanted: world.now() - 60_000 })).toBe(commit('a'));
    expect(slept).toEqual([]);
  });

  it('is not waited for by the pushes of a burst whose last one is applied already', async () => {
    const burst = forge([commit('f')], async (question) => {
      if (question !== 2) return;
      const last = { delivery: 'last', before: commit('e'), after: commit('f') };
      await want(burst.world.ports.store, 'shop', last, burst.world.now());
    });
    expect(await burst.resolve(push, commit('f'))).toBe(commit('f'));
    expect(burst.slept).toEqual([1, 2]);
  });

  it('is not waited for by a push that was taken back by force', async () => {
    const { world, slept, resolve } = forge([commit('a')]);
    const back = { delivery: 'back', before: commit('b'), after: commit('a') };
    await want(world.ports.store, 'shop', back, world.now());
    expect(await resolve(push, commit('a'))).toBe(commit('a'));
    expect(slept).toEqual([]);
  });

  it('counts if it comes with the last answer that is waited for', async () => {
    const { slept, resolve } = forge([commit('a'), commit('a'), commit('a'), commit('a'), commit('b')]);
    expect(await resolve()).toBe(commit('b'));
    expect(slept).toEqual([1, 2, 4, 8]);
  });

  it('that an older push announced late is still behind the newer one', async () => {
    const { world, resolve } = forge([commit('a')]);
    const late = { delivery: 'late', before: commit('0'), after: commit('a') };
    await want(world.ports.store, 'shop', late, world.now());
    expect(await resolve(push, commit('0'))).toEqual({ kind: 'behind', afterSeconds: 15 });
  });
});
