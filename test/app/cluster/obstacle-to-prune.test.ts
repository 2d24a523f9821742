import { expect, it } from 'vitest';
import { notPruned, obstacleToPrune } from '../../../lib/app/cluster/obstacle-to-prune.ts';
import type { Prepared } from '../../../lib/app/cluster/prepare.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { targetOf } from './world.ts';

const live: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'old', namespace: 'shop' } };
const target = targetOf('shop');

function prepared(fields: Partial<Record<keyof Prepared, unknown>> = {}): Prepared {
  return {
    members: { unlisted: new Map() },
    planned: [{ decision: { action: 'unchanged' } }],
    skipped: [],
    refused: [],
    removals: [{ action: 'delete', live, cascades: false }],
    ...fields,
  } as unknown as Prepared;
}

const unlisted = new Map([
  ['Thing.a.test', new Failure('server', 'Cannot list "things": service unavailable', { help: 'Ask its owner' })],
]);
const waiting = [{ decision: { action: 'wait', reason: 'x' } }];

it.each([
  ['nothing', prepared(), [], undefined],
  ['nothing, if nothing is to be deleted', prepared({ removals: [], planned: [] }), [{ action: 'failed' }], undefined],
  [
    'a kind that could not be listed',
    prepared({ members: { unlisted } }),
    [],
    'not deleted: objects of kind Thing.a.test could not be listed',
  ],
  [
    'an object that failed',
    prepared(),
    [{ action: 'failed' }, { action: 'created' }],
    'not deleted: an object of this revision failed',
  ],
  [
    'objects that were refused and failed',
    prepared({ refused: [{}] }),
    [{ action: 'failed' }],
    'not deleted: 2 objects of this revision failed',
  ],
  [
    'an object that is still being deleted',
    prepared({ planned: waiting }),
    [],
    'not deleted yet: another object of this revision is still being deleted',
  ],
  ['an empty render', prepared({ planned: [] }), [], 'not deleted: the revision renders no object at all'],
] as const)('what is in the way of deleting: %s', (_, found, applied, reason) => {
  const obstacle = obstacleToPrune(found, applied, target);
  expect(obstacle?.reason).toBe(reason);
  if (obstacle !== undefined && found.removals.length > 0) {
    expect(notPruned(found, obstacle)).toEqual([{ id: 'shop:configmap/old', action: 'skipped', error: reason }]);
  }
});

it('a target without prune keeps them, whatever failed', () => {
  expect(obstacleToPrune(prepared(), [{ action: 'failed' }], { ...target, prune: false })).toEqual({
    reason: 'kept: prune is off',
  });
});

it('what can be done about a kind that could not be listed is said with it', () => {
  expect(obstacleToPrune(prepared({ members: { unlisted } }), [], target)?.failure).toMatchObject({
    fault: 'server',
    message: 'Cannot list the objects of kind Thing.a.test that "shop" owns: service unavailable',
    help: expect.stringMatching(/\. Ask its owner$/),
  });
});
