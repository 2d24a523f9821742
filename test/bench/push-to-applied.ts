import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { kubectlPeer } from './kubectl-peer.ts';
import { manifestPath, manifests, otherFiles } from './manifests.ts';
import { openNamespaces } from './namespaces.ts';
import type { Measurement, Row } from './row.ts';
import { startSluice } from './sluice-child.ts';
import type { Link, Stage } from './stage.ts';

const rounds = 5;
const configMaps = 300;
const deployments = 100;
const sizes = [2000, 20_000];
const none = '0'.repeat(40);

/** From the webhook of a first push until 400 objects are there, nothing of the repository being known before. */
export const pushToApplied: Row = {
  about: `webhook accepted → ${configMaps} ConfigMaps + ${deployments} Deployments applied; repositories of ${sizes.join(' and ')} files`,
  async run(stage) {
    const measurements: Measurement[] = [];
    for (const files of sizes) measurements.push(...(await measureSize(stage, files)));
    return measurements;
  },
};

async function measureSize(stage: Stage, files: number): Promise<readonly Measurement[]> {
  const repository = await stage.repository(`shop-${files}`, {
    ...manifests(configMaps, deployments),
    ...otherFiles(files - configMaps - deployments),
  });
  const head = await repository.git('rev-parse', 'HEAD');
  const measurements: Measurement[] = [];
  for (const [index, link] of stage.links.entries()) {
    const name = `push-${files}-${index}`;
    const urls = await stage.copies(repository, name, rounds);
    const measured = await measure(stage, link, urls, head, name);
    measurements.push({ ...measured, what: `${measured.what}, repository of ${files} files` });
  }
  return measurements;
}

async function measure(
  stage: Stage,
  link: Link,
  urls: readonly string[],
  head: string,
  name: string,
): Promise<Measurement> {
  const objects = configMaps + deployments;
  const peer = kubectlPeer(stage, link);
  const targets = urls.map((url, round) => ({
    name: `${name}-${round}`,
    url,
    namespace: `${name}-${round}-ours`,
    path: manifestPath,
  }));
  await using namespaces = await openNamespaces(stage.links[0]?.kubeconfig ?? '');
  await using sluice = await startSluice(stage.directory, link.kubeconfig, targets);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (const { url, namespace } of targets) {
    await namespaces.create(namespace);
    ours.push(await sluice.push({ url, before: none, after: head }));
    await namespaces.empty(namespace, objects);

    const their = namespace.replace('ours', 'theirs');
    const clone = join(stage.directory, 'clone');
    await namespaces.create(their);
    theirs.push((await peer.clone(url, clone)) + (await peer.apply(join(clone, manifestPath), their)));
    await namespaces.empty(their, objects);
    await rm(clone, { recursive: true });
  }
  return {
    what: 'push to applied',
    link: link.name,
    ours,
    peer: { name: 'git clone --depth 1 + kubectl apply --server-side', times: theirs },
    goal: link === stage.links[0] ? 2 : 8,
    peakMegabytes: sluice.peakMegabytes(),
  };
}
