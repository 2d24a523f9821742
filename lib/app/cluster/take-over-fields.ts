import { asFailure } from '../../domain/failure.ts';
import { staleAnnotations, staleLabels } from '../../domain/objects/annotations.ts';
import type { KubeObject, ManagedFields, ResourceKind } from '../../domain/objects/kube-object.ts';
import { takeOver } from '../../domain/objects/ownership.ts';
import type { Cluster, JsonPatchOperation } from '../ports.ts';

const mostAttempts = 8;

/**
 * Merges the fields of kubectl and Flux v1 into our entry, so that our next apply drops what git no longer has (APPLY §2): one patch that
 * fails if the object changed since it was looked at; then it is looked at again, since its controllers may write all the time.
 */
export async function takeOverFields(
  cluster: Cluster,
  kind: ResourceKind,
  live: KubeObject,
  fields: readonly ManagedFields[],
): Promise<void> {
  let looked: KubeObject | undefined = live;
  let merged: readonly ManagedFields[] | undefined = fields;
  for (let attempt = 1; looked !== undefined && merged !== undefined; attempt++) {
    try {
      await cluster.patch(kind, live.metadata, takeOverPatch(looked, merged));
      return;
    } catch (error) {
      if (asFailure(error).code !== 'Conflict' || attempt === mostAttempts) throw error;
      looked = await cluster.get(kind, live.metadata);
      merged = looked && takeOver(looked);
    }
  }
}

function takeOverPatch(live: KubeObject, fields: readonly ManagedFields[]): readonly JsonPatchOperation[] {
  const { annotations = {}, labels = {}, resourceVersion } = live.metadata;
  function removals(
    map: Readonly<Record<string, string>>,
    field: string,
    keys: readonly string[],
  ): readonly JsonPatchOperation[] {
    return keys
      .filter((key) => map[key] !== undefined)
      .map((key) => ({ op: 'remove', path: `/metadata/${field}/${key.replaceAll('/', '~1')}` }));
  }
  return [
    { op: 'replace', path: '/metadata/managedFields', value: fields },
    ...removals(annotations, 'annotations', staleAnnotations),
    ...removals(labels, 'labels', staleLabels),
    // The API server takes this for the precondition that it is.
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
  ];
}
