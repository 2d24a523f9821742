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
const objects = configMaps + deployments;
const files = 2000;

/** Nothing is to be done, because of a push to elsewhere in the repository, and because of a sweep. */
export const noOp: Row = {
  about: `${objects} objects that are as git says: a push that changes nothing of them, and a sync of the same commit`,
  async run(stage) {
    const measurements: Measurement[] = [];
    for (const [index, link] of stage.links.entries()) {
      measurements.push(...(await measure(stage, link, `no-op-${index}`)));
    }
    return measurements;
  },
};

async function measure(stage: Stage, link: Link, name: string): Promise<readonly Measurement[]> {
  const peer = kubectlPeer(stage, link);
  const repository = await stage.repository(name, {
    ...manifests(configMaps, deployments),
    ...otherFiles(files - objects),
  });
  const url = `${stage.git.url}/${name}.git`;
  const [ours, theirs] = [`${name}-ours`, `${name}-theirs`];
  await using namespaces = await openNamespaces(stage.links[0]?.kubeconfig ?? '');
  await using sluice = await startSluice(stage.directory, link.kubeconfig, [
    { name, url, namespace: ours, path: manifestPath },
  ]);
  await namespaces.create(ours);
  await namespaces.create(theirs);
  let before = await repository.git('rev-parse', 'HEAD');
  await sluice.push({ url, before: '0'.repeat(40), after: before });
  const folder = join(repository.work, manifestPath);
  await peer.apply(folder, theirs);

  const times = { push: [] as number[], sync: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const after = await repository.commit({ 'services/README.md': `round ${round}\n` });
    times.push.push(await sluice.push({ url, before, after }));
    times.peer.push(await peer.apply(folder, theirs));
    times.sync.push(await sluice.sync(name));
    before = after;
  }
  await namespaces.empty(ours, objects);
  await namespaces.empty(theirs, objects);
  const common = {
    link: link.name,
    peer: { name: 'kubectl apply --server-side, again', times: times.peer },
    goal: link === stage.links[0] ? 8 : 30,
  };
  return [
    { ...common, what: 'push that changes nothing', ours: times.push },
    { ...common, what: 'sync of the same commit', ours: times.sync, peakMegabytes: sluice.peakMegabytes() },
  ];
}
