import { isBuiltIn, podSpecPath } from './built-in.ts';
import { at, type Draft, isDraft } from './draft.ts';
import type { KubeObject } from './kube-object.ts';
import { writeQuantities } from './quantities.ts';

export interface Normalised {
  readonly object: KubeObject;
  /** What was dropped although git says it, for the run. */
  readonly warnings: readonly string[];
}

const serverMetadata = [
  'managedFields',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'selfLink',
] as const;

/**
 * What is sent of a manifest, so that a second sync finds nothing to do (APPLY §1). `namespaced` is the scope of its kind;
 * `namespace` the effective namespace of a namespaced object.
 */
export function normalise(manifest: KubeObject, namespaced: boolean, namespace: string): Normalised {
  const warnings: string[] = [];
  const { status: _, ...desired } = manifest;
  const builtIn = isBuiltIn(manifest);
  const object = (builtIn ? copyWithoutNulls(desired) : structuredClone(desired)) as Draft;
  const metadata = copyWithoutNulls(manifest.metadata) as Draft;
  for (const field of serverMetadata) delete metadata[field];
  if (namespaced) metadata.namespace = namespace;
  else delete metadata.namespace;
  object.metadata = metadata;
  if (builtIn) {
    if (manifest.kind === 'ClusterRole' && object.aggregationRule !== undefined) delete object.rules;
    if (manifest.kind === 'Secret') mergeStringData(object);
    nameProtocols(object);
    writeQuantities(object);
    dropRepeated(object, warnings);
  }
  return { object: object as unknown as KubeObject, warnings };
}

function copyWithoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyWithoutNulls);
  if (!isDraft(value)) return value;
  const copy: Draft = {};
  for (const [key, member] of Object.entries(value)) if (member !== null) copy[key] = copyWithoutNulls(member);
  return copy;
}

/**
 * Drift of `data` is invisible, and removed keys stay, while `stringData` is applied. What is no text stays what it is, so that the API
 * server refuses it, as kubectl does: `0777` would become the password "511".
 */
function mergeStringData(secret: Draft): void {
  if (!isDraft(secret.stringData)) return;
  const data: Draft = isDraft(secret.data) ? secret.data : {};
  for (const [key, value] of Object.entries(secret.stringData)) {
    data[key] = typeof value === 'string' ? Buffer.from(value, 'utf8').toString('base64') : value;
  }
  secret.data = data;
  delete secret.stringData;
}

function containersOf(object: Draft): readonly Draft[] {
  const path = podSpecPath(object as unknown as KubeObject);
  if (path === undefined) return [];
  return ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) => at(object, [...path, list, '*']));
}

/** API servers before 1.22 answer 500 to an apply of a port without a protocol. */
function nameProtocols(object: Draft): void {
  const ports = containersOf(object).flatMap((container) => at(container, ['ports', '*']));
  if (object.kind === 'Service') ports.push(...at(object, ['spec', 'ports', '*']));
  for (const port of ports) port.protocol ??= 'TCP';
}

interface KeyedList {
  readonly field: string;
  readonly keys: readonly string[];
}

const containerLists: readonly KeyedList[] = [
  { field: 'env', keys: ['name'] },
  { field: 'ports', keys: ['containerPort', 'protocol'] },
  { field: 'volumeMounts', keys: ['mountPath'] },
  { field: 'volumeDevices', keys: ['devicePath'] },
];
const podLists: readonly KeyedList[] = [
  { field: 'imagePullSecrets', keys: ['name'] },
  { field: 'hostAliases', keys: ['ip'] },
];

/** `kubectl apply` accepts a repeated list key, server-side apply does not: the last is what kubectl ends with. */
function dropRepeated(object: Draft, warnings: string[]): void {
  for (const container of containersOf(object)) {
    for (const list of containerLists) keepLast(container, list, `container "${container.name}"`, warnings);
  }
  const podSpec = podSpecPath(object as unknown as KubeObject);
  for (const spec of podSpec === undefined ? [] : at(object, podSpec)) {
    for (const list of podLists) keepLast(spec, list, 'the pod spec', warnings);
  }
  if (object.kind !== 'Service') return;
  for (const spec of at(object, ['spec'])) {
    keepLast(spec, { field: 'ports', keys: ['port', 'protocol'] }, 'spec', warnings);
  }
}

function keepLast(parent: Draft, list: KeyedList, where: string, warnings: string[]): void {
  const entries = parent[list.field];
  if (!Array.isArray(entries)) return;
  const last = new Map<string, number>();
  const keyed = entries.map((entry, index) => {
    if (!isDraft(entry)) return undefined;
    const key = list.keys.map((name) => String(entry[name])).join('/');
    last.set(key, index);
    return key;
  });
  const kept = entries.filter((_, index) => {
    const key = keyed[index];
    return key === undefined || last.get(key) === index;
  });
  if (kept.length === entries.length) return;
  const repeated = [...new Set(keyed.filter((key, index) => key !== undefined && last.get(key) !== index))];
  warnings.push(`${list.field} of ${where} names ${repeated.join(', ')} more than once: the last one counts`);
  parent[list.field] = kept;
}
