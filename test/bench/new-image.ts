import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../lib/local/apiserver/free-port.ts';
import { pushImage } from '../parts/docker-registry.ts';
import { startNotifyingRegistry } from '../parts/notifying-registry.ts';
import { run } from '../parts/run.ts';
import { settingsOf } from './bench-target.ts';
import { manifestPath, otherFiles } from './manifests.ts';
import { openNamespaces } from './namespaces.ts';
import type { Measurement, Row } from './row.ts';
import { registrySecret, startSluice } from './sluice-child.ts';
import type { Stage } from './stage.ts';

const rounds = 7;
const files = 20_000;
const file = `${manifestPath}/shop.yaml`;
const none = '0'.repeat(40);
const longestMs = 60_000;

/** From the push of a tag to a registry until the branch has the commit with it, beside what people write into a pipeline for that. */
export const newImage: Row = {
  about: `a new tag in a registry → its commit in a repository of ${files} files; the goal is to be faster than a clone, sed and a push`,
  async run(stage) {
    const port = await freePort();
    const host = `127.0.0.1:${port}`;
    const repository = await stage.repository('new-image', {
      [file]: deployment(`${host}/acme/shop:1.0.0`),
      ...otherFiles(files - 1),
    });
    const [ours = '', theirs = ''] = await stage.copies(repository, 'new-image', 2);
    return [await measure(stage, { ours, theirs, port, host })];
  },
};

interface Setup {
  /** Addresses of repositories. */
  readonly ours: string;
  readonly theirs: string;
  readonly port: number;
  readonly host: string;
}

async function measure(stage: Stage, setup: Setup): Promise<Measurement> {
  const { host } = setup;
  const [link] = stage.links;
  if (link === undefined) throw new Error('The stage has no link');
  const namespace = 'new-image';
  await using namespaces = await openNamespaces(link.kubeconfig);
  await namespaces.create(namespace);
  const target = { name: 'shop', url: setup.ours, namespace, path: manifestPath };
  await using sluice = await startSluice(
    stage.directory,
    link.kubeconfig,
    [target],
    moreSettings(target, link.kubeconfig, host),
  );
  const headers = { Authorization: [registrySecret] };
  const endpoint = { name: 'sluice', url: `${sluice.url}/webhooks/registry`, headers };
  await using registry = await startNotifyingRegistry([endpoint], setup.port);
  await push(registry.host, '1.0.0');
  let head = await headOf(stage, setup.ours);
  await sluice.push({ url: setup.ours, before: none, after: head });

  const [ourTimes, theirTimes]: [number[], number[]] = [[], []];
  for (let round = 1; round <= rounds; round++) {
    const tag = `1.0.${round}`;
    const begin = performance.now();
    await push(registry.host, tag);
    const next = await moved(stage, setup.ours, head);
    ourTimes.push(performance.now() - begin);
    await sluice.push({ url: setup.ours, before: head, after: next });
    head = next;
    theirTimes.push(await pipeline(stage, setup.theirs, `${host}/acme/shop:${tag}`));
  }
  return {
    what: `new tag to commit, repository of ${files} files`,
    link: 'none',
    ours: ourTimes,
    peer: { name: 'git clone --depth 1 + sed + git commit + git push', times: theirTimes },
    goal: 1,
    peakMegabytes: sluice.peakMegabytes(),
  };
}

function push(host: string, tag: string): Promise<unknown> {
  const config = { architecture: 'amd64', os: 'linux', created: new Date().toISOString(), tag };
  return pushImage(`http://${host}`, 'acme/shop', tag, config);
}

function moreSettings(target: Parameters<typeof settingsOf>[0][number], kubeconfig: string, host: string) {
  const { webhooks, targets } = settingsOf([target], kubeconfig) as Record<string, readonly object[]>;
  return {
    webhooks: [
      ...(webhooks ?? []),
      { id: 'registry', sender: 'distribution', secret: { env: 'BENCH_REGISTRY_SECRET' } },
    ],
    targets: (targets ?? []).map((each) => ({
      ...each,
      automation: { author: { name: 'Bench', email: 'bench@example.com' } },
    })),
    registries: [{ host, insecure: true }],
  };
}

async function headOf(stage: Stage, url: string): Promise<string> {
  const bare = join(stage.directory, 'served', url.slice(url.lastIndexOf('/') + 1));
  return await run('git', ['--git-dir', bare, 'rev-parse', 'refs/heads/main']);
}

/** The next head, seen within 5 ms, by the file that git keeps it in: a program for each look would take the machine's time. */
async function moved(stage: Stage, url: string, from: string): Promise<string> {
  const ref = join(stage.directory, 'served', url.slice(url.lastIndexOf('/') + 1), 'refs/heads/main');
  for (const end = performance.now() + longestMs; performance.now() < end; await sleep(5)) {
    const now = (await readFile(ref, 'utf8').catch(() => '')).trim();
    if (now !== '' && now !== from) return now;
  }
  throw new Error(`The branch has no new commit after ${longestMs} ms`);
}

/** What a pipeline does when it is told of a new image; milliseconds. */
async function pipeline(stage: Stage, url: string, image: string): Promise<number> {
  const clone = join(stage.directory, 'pipeline');
  const begin = performance.now();
  await run('git', ['clone', '--quiet', '--depth', '1', url, clone]);
  await run('sed', ['-i', `s#image: .*#image: ${image}#`, join(clone, file)]);
  await run('git', ['-C', clone, 'commit', '--quiet', '-am', `Release ${image}`]);
  await run('git', ['-C', clone, 'push', '--quiet', 'origin', 'HEAD:main']);
  const took = performance.now() - begin;
  await rm(clone, { recursive: true });
  return took;
}

function deployment(image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  annotations:
    fluxcd.io/automated: "true"
    fluxcd.io/tag.app: semver:~1
spec:
  replicas: 0
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
        - name: app
          image: ${image}
`;
}
