import { join } from 'node:path';
import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { createSqliteStore } from '../../lib/adapters/sqlite/store.ts';
import { findUses } from '../../lib/app/records/image-index.ts';
import { indexImages } from '../../lib/app/records/index-images.ts';
import type { Measurement, Row } from './row.ts';

const rounds = 50;
const targets = 500;
const workloadsPerTarget = 20;

/** Who uses an image, among all workloads of many targets: by an event. */
export const imageIndex: Row = {
  about: `index lookup with ${targets * workloadsPerTarget} workloads; the goal is < 5 ms`,
  async run(stage) {
    const database = openDatabase(join(stage.directory, 'images.db'));
    try {
      const store = createSqliteStore(database, Date.now);
      for (let target = 0; target < targets; target++) await indexImages(store, indexed(target));
      const measure = async (what: string, image: string, expected: number): Promise<Measurement> => {
        const ours: number[] = [];
        for (let round = 0; round < rounds; round++) {
          const begin = performance.now();
          const uses = await findUses(store, image);
          ours.push(performance.now() - begin);
          if (uses.length !== expected) throw new Error(`${uses.length} targets use ${image}`);
        }
        return { what: `index lookup: ${what}`, link: 'none', ours, below: 5 };
      };
      return [
        await measure('an image of one target', 'registry.example/team-7/app-7', 1),
        await measure('an image of nobody', 'registry.example/nobody/nothing', 0),
        await measure(`an image of ${targets} targets`, 'registry.example/acme/sidecar', targets),
      ];
    } finally {
      database.close();
    }
  },
};

/** Every workload has an image of its team and one that all have. */
function indexed(target: number) {
  const workloads = Array.from({ length: workloadsPerTarget }, (_, index) => ({
    id: `team-${target}:deployment/app-${index}`,
    policies: { automated: 'true', 'tag.app': 'semver:~1' },
    containers: [
      { name: 'app', image: `registry.example/team-${target}/app-${index}:1.0.0` },
      { name: 'sidecar', image: 'registry.example/acme/sidecar:1.0.0' },
    ],
  }));
  return {
    name: `target-${target}`,
    source: { url: `https://git.example/team-${target}.git`, branch: 'main' },
    namespace: `team-${target}`,
    images: { workloads, policies: [] },
  };
}
