import { expect, it } from 'vitest';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { ownFieldsDigest } from '../../../lib/domain/objects/ownership.ts';
import { type Desired, decide, objectKey, planRemovals } from '../../../lib/domain/objects/plan.ts';

const kind = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: [] };
const partOf = { 'f:metadata': { 'f:labels': { 'f:applyset.kubernetes.io/part-of': {} } } };

function desired(annotations: Record<string, string> = {}): Desired {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', namespace: 'a', annotations },
  };
  return { id: 'a:configmap/x', object, kind, digest: 'd1', leave: [], origin: 'x.yaml:1' };
}

function member(metadata: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'x',
      namespace: 'a',
      uid: 'u1',
      labels: { 'applyset.kubernetes.io/part-of': 'mine' },
      annotations: { 'sluice.dev/applied': 'd1' },
      managedFields: [{ manager: 'sluice', operation: 'Apply', fieldsV1: partOf }],
      ...metadata,
    },
  };
}

const fields = ownFieldsDigest(member(), []);
const context = { inventoryId: 'mine', adopted: new Set(['old']), knownFields: () => fields };

it.each([
  ['nothing there', desired(), undefined, 'create'],
  ['nothing there, ignored in git', desired({ 'fluxcd.io/ignore': 'true' }), undefined, 'skip'],
  ['ignored in git with the old prefix', desired({ 'flux.weave.works/ignore': 'true' }), undefined, 'skip'],
  ['sync_only in git', desired({ 'fluxcd.io/ignore': 'sync_only' }), undefined, 'create'],
  ['reconcile disabled', desired({ 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' }), undefined, 'skip'],
  ['ssa Ignore', desired({ 'kustomize.toolkit.fluxcd.io/ssa': 'Ignore' }), member(), 'skip'],
  ['ssa IfNotPresent, absent', desired({ 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' }), undefined, 'create'],
  ['ssa IfNotPresent, there', desired({ 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' }), member(), 'skip'],
  ['as we left it', desired(), member(), 'unchanged'],
  ['another digest', desired(), member({ annotations: { 'sluice.dev/applied': 'd0' } }), 'configure'],
  [
    'a field taken from us',
    desired(),
    member({ managedFields: [{ manager: 'sluice', operation: 'Apply', fieldsV1: { ...partOf, 'f:data': {} } }] }),
    'configure',
  ],
  ['ignored on the live object', desired(), member({ annotations: { 'fluxcd.io/ignore': 'true' } }), 'skip'],
  ['being deleted', desired(), member({ deletionTimestamp: '2026-01-01T00:00:00Z' }), 'wait'],
  ['of another inventory', desired(), member({ labels: { 'applyset.kubernetes.io/part-of': 'theirs' } }), 'refuse'],
  ['of an adopted inventory', desired(), member({ labels: { 'applyset.kubernetes.io/part-of': 'old' } }), 'configure'],
  ['our label, not put there by us', desired(), member({ managedFields: [] }), 'configure'],
  ['nobody knows it', desired(), member({ labels: {} }), 'configure'],
  [
    'of a controller',
    desired(),
    member({
      labels: {},
      ownerReferences: [{ kind: 'Job', name: 'j', uid: 'u', apiVersion: 'batch/v1', controller: true }],
    }),
    'refuse',
  ],
  [
    'of an owner that is no controller',
    desired(),
    member({ labels: {}, ownerReferences: [{ kind: 'Job', name: 'j', uid: 'u', apiVersion: 'batch/v1' }] }),
    'configure',
  ],
] as const)('%s', (_, git, live, action) => {
  expect(decide(git, live, context).action).toBe(action);
});

it('an object whose fields are not known is applied once', () => {
  expect(decide(desired(), member(), { ...context, knownFields: () => undefined }).action).toBe('configure');
  expect(decide(desired(), member({ uid: undefined }), { ...context, knownFields: () => undefined }).action).toBe(
    'configure',
  );
});

it("kubectl's fields are taken over at the first touch, unless ssa is Merge", () => {
  const live = member({
    labels: {},
    managedFields: [{ manager: 'kubectl-client-side-apply', operation: 'Update', fieldsV1: {} }],
  });
  expect(decide(desired(), live, context)).toHaveProperty('takeOver');
  expect(decide(desired({ 'kustomize.toolkit.fluxcd.io/ssa': 'Merge' }), live, context)).not.toHaveProperty('takeOver');
});

it('replicas that somebody scaled are drift, unless they are left to others', () => {
  const scaled = { ...member(), spec: { replicas: 5 } };
  const git = { ...desired(), object: { ...desired().object, spec: { replicas: 2 } } };
  expect(decide(git, scaled, context).action).toBe('configure');
  expect(decide(git, { ...scaled, spec: { replicas: 2 } }, context).action).toBe('unchanged');
  expect(decide({ ...git, leave: [['spec', 'replicas']] }, scaled, context).action).toBe('unchanged');
});

function live(kindName: string, name: string, metadata: object = {}, apiVersion = 'v1'): KubeObject {
  return { apiVersion, kind: kindName, metadata: { name, namespace: 'a', uid: name, ...metadata } };
}

it('removals are what git no longer has, in reverse order of applying', () => {
  const members = [
    live('Namespace', 'ns'),
    live('ConfigMap', 'kept', { annotations: { 'fluxcd.io/ignore': 'sync_only' } }),
    live('ConfigMap', 'disabled', { annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } }),
    live('ConfigMap', 'going', { deletionTimestamp: 'now' }),
    live('Deployment', 'cascading', { annotations: { 'sluice.dev/prune': 'cascade' } }, 'apps/v1'),
    live('ConfigMap', 'rendered'),
    live('Ingress', 'twice', {}, 'extensions/v1beta1'),
    live('Ingress', 'twice', {}, 'networking.k8s.io/v1'),
    live('Ingress', 'seen', {}, 'extensions/v1beta1'),
  ];
  const removals = planRemovals(members, new Set([objectKey(live('ConfigMap', 'rendered'))]), new Set(['seen']));
  expect(removals.map(({ action, live: { metadata } }) => `${action} ${metadata.name}`)).toEqual([
    'delete cascading',
    'keep kept',
    'keep disabled',
    'wait going',
    'delete twice',
    'delete ns',
  ]);
  expect(removals[0]).toMatchObject({ cascades: true });
  expect(removals.at(-1)).toMatchObject({ cascades: false });
});
