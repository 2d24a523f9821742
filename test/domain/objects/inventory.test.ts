import { expect, it } from 'vitest';
import { emptyInventory, formatInventory, inventoryId, parseInventory } from '../../../lib/domain/objects/inventory.ts';

it('the id of sluice-shop in default is the one that kubectl computes', () => {
  expect(inventoryId('sluice-shop', 'default')).toBe('applyset-H3ZT1bGbbJXWT0h_2V8rKeDramm1SPvuvvWG6TCD2Fo-v1');
});

it('a parent reads back as it was written', () => {
  const inventory = {
    ...emptyInventory('shop', 'ops'),
    groupKinds: new Set(['Service', 'Deployment.apps', 'ConfigMap']),
    namespaces: new Set(['ops', 'shop', 'db']),
    source: 'https://github.com/acme/shop.git#main',
    paths: ['base', 'clusters/live 2'],
    holder: { installation: 'a1', run: 'r1', time: '2026-11-22T10:00:00.000Z' },
  };
  const parent = formatInventory(inventory);
  expect(parent.metadata.annotations).toMatchObject({
    'applyset.kubernetes.io/tooling': 'sluice/v1',
    'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap,Deployment.apps,Service',
    'applyset.kubernetes.io/additional-namespaces': 'db,shop',
    'sluice.dev/paths': 'base\nclusters/live 2',
    'sluice.dev/holder': 'a1/r1 2026-11-22T10:00:00.000Z',
  });
  expect(parseInventory(parent, 'shop', 'ops')).toEqual(inventory);
});

it('what others wrote on the parent stays', () => {
  const live = formatInventory(emptyInventory('shop', 'ops'));
  const annotated = {
    ...live,
    data: { note: 'x' },
    metadata: { ...live.metadata, resourceVersion: '7', annotations: { ...live.metadata.annotations, team: 'web' } },
  };
  const written = formatInventory(parseInventory(annotated, 'shop', 'ops'), annotated);
  expect(written).toMatchObject({
    data: { note: 'x' },
    metadata: { resourceVersion: '7', annotations: { team: 'web' } },
  });
});

it.each([
  ['of other tooling', { annotations: { 'applyset.kubernetes.io/tooling': 'kubectl/v1.35' } }, /tooling is "kubectl/],
  ['without tooling', { annotations: {} }, /tooling is ""/],
  ['of another id', { labels: { 'applyset.kubernetes.io/id': inventoryId('sluice-other', 'ops') } }, /id is not that/],
])('a parent %s is refused', (_, change, message) => {
  const live = formatInventory(emptyInventory('shop', 'ops'));
  const parent = { ...live, metadata: { ...live.metadata, ...change } };
  expect(() => parseInventory(parent, 'shop', 'ops')).toThrow(message);
});

it('who suspended or pinned the target is read from the parent, and written by whoever did it alone', () => {
  const live = formatInventory(emptyInventory('shop', 'ops'));
  const said = { 'sluice.dev/suspended': 'ann 2026-11-22', 'sluice.dev/pinned': 'bob 2026-11-23' };
  const parent = { ...live, metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, ...said } } };
  const inventory = parseInventory(parent, 'shop', 'ops');
  expect(inventory).toMatchObject({ suspended: 'ann 2026-11-22', pinned: 'bob 2026-11-23' });
  expect(formatInventory(inventory, parent).metadata.annotations).toMatchObject(said);
});

it('a parent without kinds and namespaces has none but its own', () => {
  const live = formatInventory(emptyInventory('shop', 'ops'));
  const annotations = { 'applyset.kubernetes.io/tooling': 'sluice/v1' };
  const bare = { ...live, metadata: { ...live.metadata, annotations } };
  const own = new Set(['ops']);
  expect(parseInventory(bare, 'shop', 'ops')).toEqual({ ...emptyInventory('shop', 'ops'), namespaces: own });
});

it('the namespace of the parent is known to have no members only if the parent says so', () => {
  const apart = { ...emptyInventory('shop', 'ops'), namespaces: new Set(['shop']) };
  const parent = formatInventory(apart);
  expect(parent.metadata.annotations).toMatchObject({ 'sluice.dev/own-namespace': 'unused' });
  expect(parseInventory(parent, 'shop', 'ops').namespaces).toEqual(new Set(['shop']));
  const both = formatInventory({ ...apart, namespaces: new Set(['shop', 'ops']) }, parent);
  expect(both.metadata.annotations).not.toHaveProperty(['sluice.dev/own-namespace']);
  expect(parseInventory(both, 'shop', 'ops').namespaces).toEqual(new Set(['shop', 'ops']));
});
