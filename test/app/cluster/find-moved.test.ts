import { expect, it } from 'vitest';
import { type FindMovedPorts, findMoved } from '../../../lib/app/cluster/find-moved.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { emptyInventory, formatInventory } from '../../../lib/domain/objects/inventory.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { createJobWorld } from '../jobs/job-world.ts';
import { targetOf } from './world.ts';

const target = targetOf('shop');
const holder = { installation: 'here', run: 'r', time: '2026-01-01T00:00:00Z' };
const source = 'https://git.example/x.git#main';

function parentIn(namespace: string, fields: object = { source, holder }, name = 'shop'): KubeObject {
  return formatInventory({ ...emptyInventory(name, namespace), ...fields });
}

/** A cluster of these parents, and what it was asked. */
function clusterOf(parents: readonly KubeObject[] | Failure): { cluster: Cluster; asked: string[] } {
  const asked: string[] = [];
  const all = parents instanceof Failure ? [] : parents;
  const cluster: Pick<Cluster, 'id' | 'list' | 'get'> = {
    id: 'c',
    list: async () => {
      asked.push('list');
      if (parents instanceof Failure) throw parents;
      return all;
    },
    get: async (_, { name, namespace }) => {
      asked.push(`get ${namespace}/${name}`);
      return all.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    },
  };
  return { cluster: cluster as Cluster, asked };
}

function world(): FindMovedPorts & { advance(seconds: number): void } {
  const { ports, now, advance } = createJobWorld();
  return { store: ports.store, clock: now, advance, installation: 'here', targets: [target] };
}

const copied = parentIn('ops');

it.each([
  ['is nowhere', [], undefined],
  ['is of this source and installation', [parentIn('ops')], 'ops'],
  ['is of another target', [parentIn('ops', { source, holder }, 'cart')], undefined],
  ['is of another source', [parentIn('ops', { source: 'https://git.example/y.git#main', holder })], undefined],
  ['is held elsewhere', [parentIn('ops', { source, holder: { ...holder, installation: 'there' } })], undefined],
  ['was never held', [parentIn('ops', { source })], undefined],
  ['is a copy', [{ ...copied, metadata: { ...copied.metadata, namespace: 'copies' } }], undefined],
])('an inventory from before its namespace was changed that %s: %s', async (_, parents, namespace) => {
  const { cluster } = clusterOf(parents);
  expect((await findMoved(cluster, target, world()))?.inventory.namespace).toBe(namespace);
});

it('a burst of first syncs looks once, and reads only what is not where the settings have it', async () => {
  const ports = { ...world(), targets: [target, targetOf('cart')] };
  const { cluster, asked } = clusterOf([parentIn('ops'), parentIn('default', {}, 'cart')]);
  await findMoved(cluster, target, ports);
  await findMoved(cluster, targetOf('cart'), ports);
  expect(asked.splice(0)).toEqual(['list', 'get ops/sluice-shop']);
  ports.advance(10);
  await findMoved(cluster, targetOf('cart'), ports);
  expect(asked.splice(0)).toEqual(['list']);
});

it('settings that have changed since are looked at anew', async () => {
  const ports = world();
  const { cluster } = clusterOf([parentIn('ops')]);
  const before = targetOf('shop', { inventory: { namespace: 'ops' } });
  expect(await findMoved(cluster, before, { ...ports, targets: [before] })).toBeUndefined();
  expect((await findMoved(cluster, target, ports))?.inventory.namespace).toBe('ops');
});

it('an account that may not look for it has none to move from, which is not remembered for others', async () => {
  const ports = world();
  const forbidden = new Failure('user', 'Cannot list "configmaps": no', { code: 'Forbidden' });
  expect(await findMoved(clusterOf(forbidden).cluster, target, ports)).toBeUndefined();
  expect((await findMoved(clusterOf([parentIn('ops')]).cluster, target, ports))?.inventory.namespace).toBe('ops');
});

it('what else goes wrong is said', async () => {
  const deaf = new Failure('server', 'Cannot list "configmaps": service unavailable');
  await expect(findMoved(clusterOf(deaf).cluster, target, world())).rejects.toBe(deaf);
});
