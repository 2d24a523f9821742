import { expect, it } from 'vitest';
import { takeOverFields } from '../../../lib/app/cluster/take-over-fields.ts';
import type { Cluster, JsonPatchOperation } from '../../../lib/app/ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { KubeObject, ManagedFields, ResourceKind } from '../../../lib/domain/objects/kube-object.ts';

const kind: ResourceKind = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: [] };
const kubectl: ManagedFields = {
  manager: 'kubectl',
  operation: 'Update',
  apiVersion: 'v1',
  fieldsV1: { 'f:data': {} },
};

function live(resourceVersion: string): KubeObject {
  const labels = { 'fluxcd.io/sync-gc-mark': 'x', team: 'web' };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', resourceVersion, labels, managedFields: [kubectl] },
  };
}

/** What was patched until the cluster took it, each refusal with this code; the object is looked at again as `found`. */
async function takenOver(codes: readonly string[], found: KubeObject | null = live('2')) {
  const patches: (readonly JsonPatchOperation[])[] = [];
  const verbs: Pick<Cluster, 'patch' | 'get'> = {
    async patch(_kind, _key, operations) {
      const code = codes[patches.push(operations) - 1];
      if (code !== undefined) throw new Failure('server', 'Cannot patch "a"', { code });
      return live('3');
    },
    get: async () => found ?? undefined,
  };
  await takeOverFields(verbs as Cluster, kind, live('1'), [kubectl]);
  return patches;
}

it('the fields and the void marks go in one patch, which holds only for the object that was looked at', async () => {
  expect(await takenOver([])).toEqual([
    [
      { op: 'replace', path: '/metadata/managedFields', value: [kubectl] },
      { op: 'remove', path: '/metadata/labels/fluxcd.io~1sync-gc-mark' },
      { op: 'replace', path: '/metadata/resourceVersion', value: '1' },
    ],
  ]);
});

it('an object that somebody wrote meanwhile is looked at again, with the fields that it has then', async () => {
  const [, second] = await takenOver(['Conflict']);
  expect(second).toContainEqual({ op: 'replace', path: '/metadata/resourceVersion', value: '2' });
  expect(second?.[0]?.value).toMatchObject([{ manager: 'sluice', operation: 'Apply', fieldsV1: { 'f:data': {} } }]);
});

it('one that is gone, or has nothing left to take over, is left to the apply', async () => {
  expect(await takenOver(['Conflict'], null)).toHaveLength(1);
  expect(await takenOver(['Conflict'], { ...live('2'), metadata: { name: 'a' } })).toHaveLength(1);
});

it.each([
  ['another refusal', ['Forbidden']],
  ['eight conflicts', Array(8).fill('Conflict')],
])('%s ends it', async (_, codes) => {
  await expect(takenOver(codes)).rejects.toMatchObject({ code: codes[0] });
});
