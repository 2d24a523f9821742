import { expect, it } from 'vitest';
import type { Applied } from '../../../lib/app/cluster/applied.ts';
import { type Attempts, failedObjects } from '../../../lib/app/cluster/failed-objects.ts';
import type { Refused } from '../../../lib/app/cluster/locate.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import type { Removal } from '../../../lib/domain/objects/plan.ts';

function applied(name: string, failure?: Failure, kind = 'ConfigMap'): Applied {
  const object: KubeObject = { apiVersion: 'v1', kind, metadata: { name, namespace: 'shop' } };
  const resource = { apiVersion: 'v1', kind, plural: 'x', namespaced: true, verbs: [] };
  const id = `shop:${kind.toLowerCase()}/${name}`;
  const desired = { id, object, kind: resource, digest: '', leave: [], origin: `${name}.yaml:1` };
  return failure === undefined
    ? { desired, action: 'configured', live: object }
    : { desired, action: 'failed', failure };
}

function refuse(name: string, fault: Failure['fault'] = 'user'): Refused {
  return { id: `shop:thing/${name}`, fault, origin: `${name}.yaml:9`, state: 'the cluster has no kind Thing in a/v1' };
}

function attempts({ refused = [], ...more }: Partial<Attempts> & { readonly refused?: readonly Refused[] }): Attempts {
  const tried = more.applied ?? [];
  const planned = tried.map(({ desired }) => ({ desired, decision: { action: 'create' as const } }));
  return { prepared: { planned, refused, removals: [] }, applied: tried, pruned: [], secrets: [], ...more };
}

const invalid = new Failure('user', 'Cannot apply "shop:configmap/a": data: Invalid value', { help: 'Look at data' });
const late = new Failure('server', 'Cannot apply "shop:configmap/a" at "https://c": no answer in time');

it('nothing failed, nothing is said', () => {
  expect(failedObjects(attempts({ applied: [applied('a')] }))).toEqual({ results: [], error: undefined });
});

it('of one of several: what, where, why, and what of the others', () => {
  const { results, error } = failedObjects(attempts({ applied: [applied('a', invalid), applied('b')] }));
  expect(results).toEqual([
    { id: 'shop:configmap/a', action: 'failed', error: 'a.yaml:1: data: Invalid value (Look at data)' },
  ]);
  expect(error).toMatchObject({
    fault: 'user',
    code: 'ObjectsFailed',
    message: 'Cannot apply "shop:configmap/a" of a.yaml:1: data: Invalid value',
    help: 'Look at data. The other objects were applied; nothing is deleted until all are',
  });
});

it('of all: how many, the first, and the fault of what may pass', () => {
  const { error } = failedObjects(attempts({ refused: [refuse('t')], applied: [applied('a', late)] }));
  expect(error).toMatchObject({
    fault: 'server',
    message: 'Cannot apply 2 of 2 objects, the first "shop:thing/t" of t.yaml:9: the cluster has no kind Thing in a/v1',
    help: 'Nothing is deleted until they are applied. "sluice runs RUN" shows each',
  });
});

it('of the only one: that nothing is deleted', () => {
  const { error } = failedObjects(attempts({ applied: [applied('a', late)] }));
  expect(error?.message).toBe('Cannot apply "shop:configmap/a" of a.yaml:1: no answer in time');
  expect(error?.help).toBe('Nothing is deleted until it is applied');
});

it('of a Secret only what holds no value, and nowhere a value', () => {
  const quoting = new Failure('user', 'Cannot apply "shop:secret/s": ConfigMap quotes hunter22', {
    help: 'Not hunter22',
  });
  const { results } = failedObjects(
    attempts({ applied: [applied('s', quoting, 'Secret'), applied('a', quoting)], secrets: ['hunter22'] }),
  );
  expect(results.map(({ error }) => error)).toEqual([
    expect.stringMatching(/^s\.yaml:1: it was refused; what the server says is withheld/),
    'a.yaml:1: ConfigMap quotes *** (Not ***)',
  ]);
});

it('of what could not be deleted: that everything else is done', () => {
  const failure = new Failure('user', 'Cannot delete "shop:configmap/x": no', { help: 'Ask' });
  const live = applied('x').desired.object;
  const removals: Removal[] = ['x', 'y'].map(() => ({ action: 'delete', live, cascades: false }));
  const { results, error } = failedObjects({
    ...attempts({ applied: [applied('a')] }),
    prepared: { planned: [], refused: [], removals },
    pruned: [
      { result: { id: 'shop:configmap/x', action: 'failed' }, failure },
      { result: { id: 'shop:configmap/y', action: 'deleted' } },
    ],
  });
  expect(results).toEqual([{ id: 'shop:configmap/x', action: 'failed', error: 'not deleted: no (Ask)' }]);
  expect(error).toMatchObject({
    message: 'Cannot delete "shop:configmap/x": no',
    help: 'Ask. What git has was applied; the next sync tries to delete again',
  });
});
