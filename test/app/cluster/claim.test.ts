import { expect, it } from 'vitest';
import { findMoved, removeParent } from '../../../lib/app/cluster/claim.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { emptyInventory, formatInventory } from '../../../lib/domain/objects/inventory.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { targetOf } from './world.ts';

const target = targetOf('shop');
const holder = { installation: 'here', run: 'r', time: '2026-01-01T00:00:00Z' };
const source = 'https://git.example/x.git#main';

function parentIn(namespace: string, fields: object = { source, holder }): KubeObject {
  return formatInventory({ ...emptyInventory('shop', namespace), ...fields });
}

function listing(parents: readonly KubeObject[] | Failure): Cluster {
  const verbs: Pick<Cluster, 'list'> = {
    list: () => (parents instanceof Failure ? Promise.reject(parents) : Promise.resolve(parents)),
  };
  return verbs as Cluster;
}

const copied = parentIn('ops');

it.each([
  ['is nowhere', [], undefined],
  ['is of this source and installation', [parentIn('ops')], 'ops'],
  ['is of another target', [formatInventory({ ...emptyInventory('cart', 'ops'), source, holder })], undefined],
  ['is of another source', [parentIn('ops', { source: 'https://git.example/y.git#main', holder })], undefined],
  ['is held elsewhere', [parentIn('ops', { source, holder: { ...holder, installation: 'there' } })], undefined],
  ['was never held', [parentIn('ops', { source })], undefined],
  ['is a copy', [{ ...copied, metadata: { ...copied.metadata, namespace: 'copies' } }], undefined],
])('an inventory from before its namespace was changed that %s: %s', async (_, parents, namespace) => {
  expect((await findMoved(listing(parents), target, 'here'))?.inventory.namespace).toBe(namespace);
});

it('an account that may not look for it has none to move from; what else goes wrong is said', async () => {
  const forbidden = new Failure('user', 'Cannot list "configmaps": no', { code: 'Forbidden' });
  expect(await findMoved(listing(forbidden), target, 'here')).toBeUndefined();
  const deaf = new Failure('server', 'Cannot list "configmaps": service unavailable');
  await expect(findMoved(listing(deaf), target, 'here')).rejects.toBe(deaf);
});

it('a parent that is not there needs no request to be removed', async () => {
  await expect(removeParent(listing([]), { inventory: emptyInventory('shop', 'ops') })).resolves.toBeUndefined();
});
