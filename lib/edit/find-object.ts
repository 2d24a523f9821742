import type { Path } from '../domain/objects/field-at.ts';
import type { Json, KubeObject } from '../domain/objects/kube-object.ts';
import type { WorkloadId } from '../domain/release/workload-id.ts';
import type { YamlFile } from './yaml-file.ts';

/** An object in a file. */
export interface PlacedObject {
  readonly object: KubeObject;
  readonly document: number;
  /** Where it is in the document: not empty for an item of a List. */
  readonly path: Path;
}

/** The objects of a file in order, those in Lists too. What has no kind and name is none. */
export function objectsIn(file: YamlFile): readonly PlacedObject[] {
  return file.documents.flatMap(({ value }, document) => objectsOf(value, document, []));
}

function objectsOf(value: Json | undefined, document: number, path: Path): readonly PlacedObject[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const { kind, items, metadata, apiVersion = '' } = value as Readonly<Record<string, Json | undefined>>;
  if (typeof kind !== 'string') return [];
  if (kind.endsWith('List') && Array.isArray(items)) {
    return items.flatMap((item: Json, index) => objectsOf(item, document, [...path, 'items', index]));
  }
  const name = metadata !== null && typeof metadata === 'object' && 'name' in metadata ? metadata.name : undefined;
  if (typeof name !== 'string') return [];
  return [{ object: { ...value, apiVersion, kind, metadata } as unknown as KubeObject, document, path }];
}

/** The first object of this id; one without a namespace is in `namespace`. The case of kinds does not count. */
export function findObjects(file: YamlFile, wanted: WorkloadId, namespace: string): readonly PlacedObject[] {
  return objectsIn(file).filter(({ object: { kind, metadata } }) => {
    if (kind.toLowerCase() !== wanted.kind || metadata.name !== wanted.name) return false;
    return (metadata.namespace ?? namespace) === wanted.namespace;
  });
}
