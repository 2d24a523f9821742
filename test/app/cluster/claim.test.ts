import { expect, it } from 'vitest';
import { removeParent } from '../../../lib/app/cluster/claim.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { emptyInventory } from '../../../lib/domain/objects/inventory.ts';

it('a parent that is not there needs no request to be removed', async () => {
  const unused = {} as Cluster;
  await expect(removeParent(unused, { inventory: emptyInventory('shop', 'ops') })).resolves.toBeUndefined();
});
