import type { IgnoreRule } from '../settings/settings.ts';
import { type Draft, isDraft } from './draft.ts';
import { holds } from './fields.ts';
import { idOf, type KubeObject } from './kube-object.ts';
import { ownEntry } from './ownership.ts';

/** The steps of a JSON pointer (RFC 6901). */
export type FieldPath = readonly string[];

const replicas: FieldPath = ['spec', 'replicas'];
const scalable: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController']);

/** Ids of the workloads whose replicas an autoscaler of the same render sets. */
export function scaledWorkloads(objects: readonly KubeObject[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const object of objects) {
    if (object.kind !== 'HorizontalPodAutoscaler' && object.kind !== 'ScaledObject') continue;
    const target = isDraft(object.spec) ? object.spec.scaleTargetRef : undefined;
    if (!isDraft(target) || typeof target.name !== 'string') continue;
    const kind = typeof target.kind === 'string' ? target.kind : 'Deployment';
    ids.add(`${object.metadata.namespace}:${kind.toLowerCase()}/${target.name}`);
  }
  return ids;
}

/** The fields of an object that are applied at its creation and left to others after (APPLY §2, "Leaving fields alone"). */
export function fieldsToLeave(
  desired: KubeObject,
  rules: readonly IgnoreRule[],
  scaled: ReadonlySet<string>,
): readonly FieldPath[] {
  const paths = rules
    .filter(
      (rule) =>
        rule.kind.toLowerCase() === desired.kind.toLowerCase() &&
        (rule.name ?? desired.metadata.name) === desired.metadata.name &&
        (rule.namespace ?? desired.metadata.namespace) === desired.metadata.namespace,
    )
    .flatMap((rule) => rule.paths.map(parsePointer));
  const dropped = scalable.has(desired.kind) && read(desired, replicas) === undefined;
  return dropped || scaled.has(idOf(desired)) ? [...paths, replicas] : paths;
}

/**
 * What is applied to a live object: while our entry still owns a left field the patch carries its live value, since giving it up would
 * reset it; else the patch goes without it. `live` is the whole object.
 */
export function leaveFields(desired: KubeObject, live: KubeObject, paths: readonly FieldPath[]): KubeObject {
  const object = structuredClone(desired) as Draft;
  const own = ownEntry(live)?.fieldsV1;
  for (const path of paths) {
    // A path through a list has no counterpart in fieldsV1, which knows list elements by their keys: the live value is always safe.
    const ours = path.some((step) => /^\d+$/.test(step)) || holds(own, path);
    write(object, path, ours ? read(live, path) : undefined);
  }
  return object as unknown as KubeObject;
}

function parsePointer(pointer: string): FieldPath {
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(object: unknown, path: FieldPath): unknown {
  let here = object;
  for (const step of path) here = typeof here === 'object' && here !== null ? Reflect.get(here, step) : undefined;
  return here;
}

/** Sets the value at `path`, or removes it where `value` is undefined; parents that are missing are made only for a value. */
function write(object: Draft, path: FieldPath, value: unknown): void {
  let here: Draft = object;
  for (const step of path.slice(0, -1)) {
    if (typeof here[step] !== 'object' || here[step] === null) {
      if (value === undefined) return;
      here[step] = {};
    }
    here = here[step] as Draft;
  }
  const last = path.at(-1) ?? '';
  if (value === undefined) delete here[last];
  else here[last] = structuredClone(value);
}
