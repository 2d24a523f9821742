import { expect, it } from 'vitest';
import { withStoredKinds } from '../../../lib/app/cluster/stored-kinds.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import type { ResourceKind } from '../../../lib/domain/objects/kube-object.ts';
import { createJobWorld } from '../jobs/job-world.ts';

const thing: ResourceKind = { apiVersion: 'a.test/v1', kind: 'Thing', plural: 'things', namespaced: true, verbs: [] };

/** A cluster that serves Thing while it `serves`, and what it was asked. */
function world() {
  const { ports, now } = createJobWorld();
  const seen = { serves: true, asked: 0, forgotten: [] as string[] };
  const cluster = {
    id: 'c',
    async resources() {
      seen.asked++;
      return seen.serves ? [thing] : undefined;
    },
    forget: (apiVersion: string) => void seen.forgotten.push(apiVersion),
  } as unknown as Cluster;
  return { seen, connect: () => withStoredKinds(cluster, ports.store, now) };
}

it('kinds are asked for once, whoever connects', async () => {
  const { seen, connect } = world();
  for (let count = 0; count < 2; count++) expect(await connect().resources('a.test/v1')).toEqual([thing]);
  expect(seen.asked).toBe(1);
});

it('what was forgotten is asked for anew, and a version that is served no more is known no more', async () => {
  const { seen, connect } = world();
  await connect().resources('a.test/v1');
  seen.serves = false;
  const cluster = connect();
  cluster.forget('a.test/v1');
  expect(seen.forgotten).toEqual(['a.test/v1']);
  expect(await cluster.resources('a.test/v1')).toBeUndefined();
  expect(await connect().resources('a.test/v1')).toBeUndefined();
  expect(seen.asked).toBe(3);
});
