import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchTarget } from './bench-target.ts';
import { gitPeer } from './git-peer.ts';
import { app, type Files } from './manifests.ts';
import { openNamespaces } from './namespaces.ts';
import { percentile } from './report.ts';
import type { Measurement, Row } from './row.ts';
import { type Delivered, type SluiceChild, startSluice } from './sluice-child.ts';
import type { Link, Stage } from './stage.ts';

const none = '0'.repeat(40);

/** Many targets of one repository: one push concerns them all. */
export const oneRepository: Row = {
  about:
    'one repository, pushed once for 200 and once for 1,000 targets, each an app of 4 objects; then a push that changes none of them',
  async run(stage) {
    const measurements: Measurement[] = [];
    const [link] = stage.links;
    if (link === undefined) return [];
    for (const count of [200, 1000]) measurements.push(...(await pushOne(stage, link, count)));
    return measurements;
  },
};

/** Many repositories, each of one target, pushed at once. */
export const manyRepositories: Row = {
  about:
    '200 repositories of one target each, pushed at once, beside git clone --depth 1 of the same, as many at a time',
  async run(stage) {
    const [link] = stage.links;
    return link === undefined ? [] : await pushMany(stage, link, 200);
  },
};

async function pushOne(stage: Stage, link: Link, count: number): Promise<readonly Measurement[]> {
  const name = `fleet-${count}`;
  const names = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const repository = await stage.repository(name, merge(names.map((each) => under(`apps/${each}`, app(each)))));
  const url = `${stage.git.url}/${name}.git`;
  const targets = names.map((each) => ({ name: each, url, namespace: each, path: `apps/${each}` }));
  const fleet = await openFleet(stage, link, targets);
  try {
    const before = await repository.git('rev-parse', 'HEAD');
    const first = await fleet.measure([{ url, before: none, after: before }]);
    const after = await repository.commit({ 'README.md': 'nothing of the apps' });
    const again = await fleet.measure([{ url, before, after }]);
    const what = `${count} targets of one repository`;
    return [
      ...measurementsOf(`${what}, first push`, link, first, 15),
      ...measurementsOf(`${what}, a push that changes none`, link, again, 60),
    ];
  } finally {
    await fleet[Symbol.asyncDispose]();
  }
}

async function pushMany(stage: Stage, link: Link, count: number): Promise<readonly Measurement[]> {
  const names = Array.from({ length: count }, (_, index) => `single-${index}`);
  const repository = await stage.repository('single', app('single'));
  const head = await repository.git('rev-parse', 'HEAD');
  const urls = await stage.copies(repository, 'single', count);
  const targets = names.map((name, index) => ({ name, url: urls[index] ?? '', namespace: name, path: '.' }));
  const clones = await gitPeer(urls, join(stage.directory, 'clones'));
  const fleet = await openFleet(stage, link, targets);
  try {
    const first = await fleet.measure(urls.map((url) => ({ url, before: none, after: head })));
    const [row, ...others] = measurementsOf(`${count} repositories of one target each, first push`, link, first);
    if (row === undefined) return [];
    return [
      { ...row, peer: { name: 'git clone --depth 1 alone, 8 at a time', times: [clones / count] }, goal: 0.6 },
      ...others,
    ];
  } finally {
    await fleet[Symbol.asyncDispose]();
  }
}

interface Fleet extends AsyncDisposable {
  measure(pushes: readonly Parameters<SluiceChild['deliver']>[0][]): Promise<Burst>;
}

interface Burst {
  /** Milliseconds from the first delivery until the last target was applied. */
  readonly total: number;
  /** Of each target, from its delivery. */
  readonly applied: readonly number[];
  /** Of webhooks that were delivered meanwhile, and before. */
  readonly busy: readonly number[];
  readonly idle: readonly number[];
  readonly peakMegabytes: number | undefined;
}

async function openFleet(stage: Stage, link: Link, targets: readonly BenchTarget[]): Promise<Fleet> {
  const namespaces = await openNamespaces(stage.links[0]?.kubeconfig ?? '');
  for (const { namespace } of targets) await namespaces.create(namespace);
  const probe = `probe-${targets[0]?.name}`;
  const repository = await stage.repository(probe, app('probe'));
  const head = await repository.git('rev-parse', 'HEAD');
  const url = `${stage.git.url}/${probe}.git`;
  const settings = [...targets, { name: probe, url, namespace: probe, path: '.' }];
  await namespaces.create(probe);
  const sluice = await startSluice(stage.directory, link.kubeconfig, settings);

  async function ask(): Promise<number> {
    const { at, answeredAt } = await sluice.deliver({ url, before: none, after: head });
    return answeredAt - at;
  }

  return {
    async measure(pushes) {
      const idle: number[] = [];
      for (let index = 0; index < 300; index++) {
        idle.push(await ask());
        await sleep(10);
      }
      const busy: number[] = [];
      let over = false;
      const begin = performance.now();
      const delivered = await Promise.all(pushes.map((push) => sluice.deliver(push)));
      const asking = (async () => {
        while (!over) {
          busy.push(await ask());
          await sleep(50);
        }
      })();
      const applied = (await Promise.all(delivered.map((each) => timesOf(each, sluice)))).flat();
      over = true;
      const total = Math.max(...applied.map(({ end }) => end)) - begin;
      await asking;
      return { total, applied: applied.map(({ took }) => took), busy, idle, peakMegabytes: sluice.peakMegabytes() };
    },
    async [Symbol.asyncDispose]() {
      await sluice[Symbol.asyncDispose]();
      await namespaces[Symbol.asyncDispose]();
    },
  };
}

async function timesOf({ at, runs }: Delivered, sluice: SluiceChild): Promise<{ end: number; took: number }[]> {
  return await Promise.all(
    runs.map(async (run) => {
      const end = await sluice.applied(run);
      return { end, took: end - at };
    }),
  );
}

function measurementsOf(what: string, { name: link }: Link, burst: Burst, perSecond?: number): readonly Measurement[] {
  const { applied, total, busy, idle, peakMegabytes } = burst;
  const rate = `${((applied.length / total) * 1000).toFixed(1)} syncs/s`;
  const goal = perSecond === undefined ? '' : ` (goal ≥ ${perSecond})`;
  return [
    { what: `${what}: a sync`, link, ours: [total / applied.length], note: `${rate}${goal}`, peakMegabytes },
    { what: `${what}: push → applied`, link, ours: applied, note: `p99 ${wholeMs(applied)}` },
    { what: `${what}: a webhook meanwhile`, link, ours: busy, note: `p99 ${wholeMs(busy)} (goal < 250 ms)` },
    { what: `${what}: a webhook before`, link, ours: idle, note: `p99 ${wholeMs(idle)} (goal < 20 ms)` },
  ];
}

function wholeMs(times: readonly number[]): string {
  return `${Math.round(percentile(times, 99))} ms`;
}

function under(folder: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}

function merge(all: readonly Files[]): Files {
  return Object.assign({}, ...all) as Files;
}
