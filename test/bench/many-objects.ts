import { manifestPath, manifests } from './manifests.ts';
import { openNamespaces } from './namespaces.ts';
import type { Row } from './row.ts';
import { startSluice } from './sluice-child.ts';

const objects = 5000;
const rounds = 3;

/** How time and memory grow with the objects of one target. */
export const manyObjects: Row = {
  about: `${objects} ConfigMaps, first and again; the goal is less than 400 MB`,
  async run(stage) {
    const repository = await stage.repository('many', manifests(objects, 0));
    const head = await repository.git('rev-parse', 'HEAD');
    const [link] = stage.links;
    if (link === undefined) return [];
    const url = `${stage.git.url}/many.git`;
    await using namespaces = await openNamespaces(link.kubeconfig);
    await using sluice = await startSluice(stage.directory, link.kubeconfig, [
      { name: 'many', url, namespace: 'many', path: manifestPath },
    ]);
    await namespaces.create('many');
    const first = await sluice.push({ url, before: '0'.repeat(40), after: head });
    const again: number[] = [];
    for (let round = 0; round < rounds; round++) again.push(await sluice.sync('many'));
    const peakMegabytes = sluice.peakMegabytes();
    await namespaces.empty('many', objects);
    return [
      { what: `push of ${objects} objects`, link: link.name, ours: [first] },
      { what: `sync of ${objects} unchanged objects`, link: link.name, ours: again, peakMegabytes },
    ];
  },
};
