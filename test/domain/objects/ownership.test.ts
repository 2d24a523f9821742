import { expect, it } from 'vitest';
import { missingFrom, union, without } from '../../../lib/domain/objects/fields.ts';
import type { KubeObject, ManagedFields } from '../../../lib/domain/objects/kube-object.ts';
import { isChanged, isMember, ownFieldsDigest, takenFields, takeOver } from '../../../lib/domain/objects/ownership.ts';

function live(managedFields: readonly ManagedFields[], metadata: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', managedFields, ...metadata } };
}

const partOf = { 'f:metadata': { 'f:labels': { 'f:applyset.kubernetes.io/part-of': {} } } };
const ours: ManagedFields = { manager: 'sluice', operation: 'Apply', apiVersion: 'v1', fieldsV1: partOf };
const labels = { 'applyset.kubernetes.io/part-of': 'id-1' };

it.each([
  ['our label, put there by our apply', live([ours], { labels }), true],
  ['another set', live([ours], { labels: { 'applyset.kubernetes.io/part-of': 'id-2' } }), false],
  ['a copied label: nobody applied it', live([], { labels }), false],
  ['a label that another manager put there', live([{ ...ours, manager: 'kubectl' }], { labels }), false],
  ['our entry by update, not apply', live([{ ...ours, operation: 'Update' }], { labels }), false],
  [
    'an owner',
    live([ours], { labels, ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u' }] }),
    false,
  ],
])('membership: %s', (_, object, member) => {
  expect(isMember(object, 'id-1')).toBe(member);
});

it('the digest of our fields changes when a field is lost, but not for a field that is left to others', () => {
  const full = { ...partOf, 'f:spec': { 'f:replicas': {}, 'f:paused': {} } };
  const scaled = { ...partOf, 'f:spec': { 'f:paused': {} } };
  function digest(fieldsV1: ManagedFields['fieldsV1'], ignored: string[][] = []): string | undefined {
    return ownFieldsDigest(live([{ ...ours, ...(fieldsV1 === undefined ? {} : { fieldsV1 }) }]), ignored);
  }
  expect(digest(full)).not.toBe(digest(scaled));
  expect(digest(full, [['spec', 'replicas']])).toBe(digest(scaled, [['spec', 'replicas']]));
  expect(digest({ 'f:spec': { 'f:replicas': {} } }, [['spec', 'replicas']])).toBe(digest({}, []));
  expect(ownFieldsDigest(live([]), [])).toBeUndefined();
});

it('take-over merges kubectl and fluxd into our entry and leaves kubectl-edit, subresources and others alone', () => {
  const kubectl: ManagedFields = {
    manager: 'kubectl-client-side-apply',
    operation: 'Update',
    apiVersion: 'apps/v1',
    fieldsV1: { 'f:data': { 'f:a': {} } },
  };
  const fluxd: ManagedFields = {
    manager: 'fluxd',
    operation: 'Update',
    apiVersion: 'apps/v1',
    fieldsV1: { 'f:data': { 'f:b': {} } },
  };
  const kept: ManagedFields[] = [
    { manager: 'kubectl-edit', operation: 'Update', fieldsV1: { 'f:data': { 'f:c': {} } } },
    { manager: 'kubectl', operation: 'Update', subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: {} },
  ];
  expect(takeOver(live([kubectl, ...kept, fluxd]))).toEqual([
    {
      manager: 'sluice',
      operation: 'Apply',
      apiVersion: 'apps/v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } },
    },
    ...kept,
  ]);
  expect(takeOver(live([ours, kubectl]))).toEqual([
    {
      manager: 'sluice',
      operation: 'Apply',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { ...partOf, 'f:data': { 'f:a': {} } },
    },
  ]);
  expect(takeOver(live(kept))).toBeUndefined();
  expect(takeOver({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x' } })).toBeUndefined();
});

it('taken fields are named by manager and path, without status and without what predecessors gave up', () => {
  const containers = {
    'k:{"name":"app"}': {
      '.': {},
      'f:image': {},
      'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:name': {} } },
    },
  };
  const edit: ManagedFields = {
    manager: 'kubectl-edit',
    operation: 'Update',
    apiVersion: 'apps/v1',
    fieldsV1: {
      'f:metadata': { 'f:labels': { 'f:acme.io/team': {} } },
      'f:spec': { 'f:replicas': {}, 'f:containers': containers },
      'f:status': { 'f:x': {} },
    },
  };
  const left = { ...edit, fieldsV1: { 'f:spec': { 'f:replicas': {} } } };
  const kubectl: ManagedFields = { manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:data': {} } };
  expect(takenFields(live([edit, kubectl, ours]), live([left]))).toEqual([
    'kubectl-edit (metadata.labels[acme.io/team], spec.containers[app].image, spec.containers[app].ports[80,TCP].name)',
  ]);
  expect(takenFields(live([edit]), live([edit]))).toEqual([]);
});

it('more than five taken fields are cut short', () => {
  const fields = Object.fromEntries('abcdefg'.split('').map((name) => [`f:${name}`, {}]));
  const edit: ManagedFields = { manager: 'm', operation: 'Update', fieldsV1: { 'f:data': fields } };
  expect(takenFields(live([edit]), live([]))).toEqual(['m (data.a, data.b, data.c, data.d, data.e, …)']);
});

it('set values and indexes are written in brackets', () => {
  expect(missingFrom({ 'f:metadata': { 'f:finalizers': { 'v:"a.io/f"': {} } }, 'f:x': { 'i:0': {} } }, {})).toEqual([
    'metadata.finalizers["a.io/f"]',
    'x[0]',
  ]);
});

it('union and without are the inverse of each other', () => {
  const a = { 'f:a': { 'f:b': {} } };
  expect(without(union(a, { 'f:a': { 'f:c': {} } }), ['a', 'c'])).toEqual(a);
  expect(without(a, ['x', 'y'])).toEqual(a);
  expect(without(a, ['a', 'b'])).toEqual({});
});

it.each([
  ['nothing', {}, {}, false],
  ['a status that a controller wrote', { resourceVersion: '1' }, { resourceVersion: '2' }, false],
  [
    'the digest',
    { resourceVersion: '1', annotations: { 'sluice.dev/applied': 'a' } },
    { resourceVersion: '2', annotations: { 'sluice.dev/applied': 'b' } },
    true,
  ],
  [
    'the set, within one second',
    { resourceVersion: '1', labels: { 'applyset.kubernetes.io/part-of': 'id-2' } },
    { resourceVersion: '2', labels },
    true,
  ],
  ['our fields', { resourceVersion: '1', managedFields: [{ ...ours, fieldsV1: {} }] }, { resourceVersion: '2' }, true],
  [
    'the time of our entry',
    { resourceVersion: '1', managedFields: [{ ...ours, time: 'a' }] },
    { resourceVersion: '2', managedFields: [{ ...ours, time: 'b' }] },
    true,
  ],
  ['an object that was not ours', { resourceVersion: '1', managedFields: [] }, { resourceVersion: '2' }, true],
])('an apply between which and before %s differs', (_, before, after, changed) => {
  expect(isChanged(live([ours], before), live([ours], after))).toBe(changed);
});

it('an apply between which and before it a controller wrote has changed nothing, although the time is another', () => {
  const at = (time: string) => ({ managedFields: [{ ...ours, time }] });
  const before = { ...live([ours], { resourceVersion: '1', ...at('a') }), spec: { replicas: 1 }, status: {} };
  const after = {
    ...live([ours], { resourceVersion: '3', ...at('b') }),
    spec: { replicas: 1 },
    status: { replicas: 1 },
  };
  expect(isChanged(before, after)).toBe(false);
});

it('an apply that took a scaling back within the second has changed the object', () => {
  const before = { ...live([ours], { resourceVersion: '1' }), spec: { replicas: 5 } };
  const after = { ...live([ours], { resourceVersion: '2' }), spec: { replicas: 1 } };
  expect(isChanged(before, after)).toBe(true);
  expect(isChanged({ ...before, spec: { replicas: 1 } }, after)).toBe(false);
});

it('entries without manager or fields are nobody’s predecessor, and take nothing over', () => {
  expect(takeOver(live([{ operation: 'Update' } as ManagedFields]))).toBeUndefined();
  const [entry] = takeOver(live([{ manager: 'kubectl', operation: 'Update' } as ManagedFields])) ?? [];
  expect(entry).toMatchObject({ manager: 'sluice', operation: 'Apply', fieldsV1: {} });
});
