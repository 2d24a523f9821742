import { join } from 'node:path';
import { run } from '../parts/run.ts';
import { kubectlPeer } from './kubectl-peer.ts';
import { configMap, manifestPath, manifests } from './manifests.ts';
import { openNamespaces } from './namespaces.ts';
import type { Measurement, Row } from './row.ts';
import { startSluice } from './sluice-child.ts';
import type { Link, Stage } from './stage.ts';

const objects = 1000;
const rounds = 5;

/** What a change of one object costs among many that stay: in git, and by a hand in the cluster. */
export const oneObject: Row = {
  about: `${objects} ConfigMaps of which one is changed in git, and one by hand`,
  async run(stage) {
    const measurements: Measurement[] = [];
    for (const [index, link] of stage.links.entries())
      measurements.push(...(await measure(stage, link, `one-${index}`)));
    return measurements;
  },
};

async function measure(stage: Stage, link: Link, name: string): Promise<readonly Measurement[]> {
  const peer = kubectlPeer(stage, link);
  const repository = await stage.repository(name, manifests(objects, 0));
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

  async function drift(namespace: string): Promise<void> {
    const patch = JSON.stringify({ data: { LOG_LEVEL: `debug-${Math.random()}` } });
    const kubeconfig = stage.links[0]?.kubeconfig ?? '';
    const args = ['--kubeconfig', kubeconfig, '-n', namespace, 'patch', 'configmap', 'item-0007', '-p', patch];
    await run(stage.tools.kubectl, args);
  }
  const times = {
    changed: [] as number[],
    drifted: [] as number[],
    changedPeer: [] as number[],
    driftedPeer: [] as number[],
  };
  for (let round = 0; round < rounds; round++) {
    const after = await repository.commit({
      [`${manifestPath}/config/item-0003.yaml`]: configMap(3, `round-${round}`),
    });
    times.changed.push(await sluice.push({ url, before, after }));
    times.changedPeer.push(await peer.apply(folder, theirs));
    await drift(ours);
    times.drifted.push(await sluice.sync(name));
    await drift(theirs);
    times.driftedPeer.push(await peer.apply(folder, theirs));
    before = after;
  }
  await namespaces.empty(ours, objects);
  await namespaces.empty(theirs, objects);
  const beside = 'kubectl apply --server-side';
  return [
    {
      what: `push that changes one of ${objects}`,
      link: link.name,
      ours: times.changed,
      peer: { name: beside, times: times.changedPeer },
    },
    {
      what: `sync of one of ${objects} changed by hand`,
      link: link.name,
      ours: times.drifted,
      peer: { name: `${beside} --force-conflicts`, times: times.driftedPeer },
      peakMegabytes: sluice.peakMegabytes(),
    },
  ];
}
