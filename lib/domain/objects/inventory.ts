import { sha256Base64Url } from '../digest.ts';
import { Failure } from '../failure.ts';
import type { GroupKind, KubeObject } from './kube-object.ts';

/** The ApplySet of a target: a ConfigMap that says which objects are the target's (APPLY §4, KEP-3659). */
export interface Inventory {
  readonly name: string;
  readonly namespace: string;
  readonly id: string;
  /** A superset of the kinds and of the namespaces that have members. */
  readonly groupKinds: ReadonlySet<GroupKind>;
  readonly namespaces: ReadonlySet<string>;
  /** `<url>#<branch>` of the target that claimed it last. */
  readonly source?: string;
  /** Those of that target in its repository; absent where it was claimed last before they were kept. */
  readonly paths?: readonly string[];
  readonly holder?: Holder;
  /** Who suspended or pinned the target, when and why; void when absent. */
  readonly suspended?: string;
  readonly pinned?: string;
  /** The namespace of the parent that this one replaces, until its members are all here (APPLY §4). */
  readonly movedFrom?: string;
  /** Absent while the parent does not exist. */
  readonly resourceVersion?: string;
}

export interface Holder {
  readonly installation: string;
  readonly run: string;
  /** ISO 8601. */
  readonly time: string;
}

/** Label of the parent of an inventory: its id. */
export const idLabel = 'applyset.kubernetes.io/id';
const toolingAnnotation = 'applyset.kubernetes.io/tooling';
const groupKindsAnnotation = 'applyset.kubernetes.io/contains-group-kinds';
const namespacesAnnotation = 'applyset.kubernetes.io/additional-namespaces';
const sourceAnnotation = 'sluice.dev/source';
const pathsAnnotation = 'sluice.dev/paths';
const holderAnnotation = 'sluice.dev/holder';
const suspendedAnnotation = 'sluice.dev/suspended';
const pinnedAnnotation = 'sluice.dev/pinned';
const movedFromAnnotation = 'sluice.dev/moved-from';
/**
 * KEP-3659 counts the parent's own namespace without naming it. Where all inventories of a cluster are, each sync would list them all
 * for members that are never there.
 */
const ownNamespaceAnnotation = 'sluice.dev/own-namespace';
const unused = 'unused';
const tooling = 'sluice/v1';

/** The set of a target that has none yet. */
export function emptyInventory(target: string, namespace: string): Inventory {
  const name = `sluice-${target}`;
  return {
    name,
    namespace,
    id: inventoryId(name, namespace),
    groupKinds: new Set(),
    namespaces: new Set(),
  };
}

/** KEP-3659: the id is of the parent's own name, so that a copied parent is found out. */
export function inventoryId(name: string, namespace: string): string {
  return `applyset-${sha256Base64Url(`${name}.${namespace}.ConfigMap.`)}-v1`;
}

/** Reads the parent; a `user` Failure if it is not ours. */
export function parseInventory(parent: KubeObject, target: string, namespace: string): Inventory {
  const empty = emptyInventory(target, namespace);
  const { annotations = {}, labels = {}, resourceVersion } = parent.metadata;
  const found = `ConfigMap "${namespace}/${empty.name}"`;
  if (annotations[toolingAnnotation] !== tooling) {
    throw new Failure(
      'user',
      `Cannot use the inventory ${found}: its tooling is "${annotations[toolingAnnotation] ?? ''}"`,
      {
        help: `Rename the target or delete that ConfigMap; one of Sluice has the annotation ${toolingAnnotation}: ${tooling}`,
      },
    );
  }
  if (labels[idLabel] !== empty.id) {
    throw new Failure('user', `Cannot use the inventory ${found}: its id is not that of its name`, {
      help: `It is a copy of another inventory. Delete it, or set its label ${idLabel} to ${empty.id}`,
    });
  }
  const source = annotations[sourceAnnotation];
  const paths = annotations[pathsAnnotation];
  const suspended = annotations[suspendedAnnotation];
  const pinned = annotations[pinnedAnnotation];
  const movedFrom = annotations[movedFromAnnotation];
  const holder = parseHolder(annotations[holderAnnotation]);
  return {
    ...empty,
    groupKinds: new Set(list(annotations[groupKindsAnnotation])),
    namespaces: new Set([
      ...(annotations[ownNamespaceAnnotation] === unused ? [] : [namespace]),
      ...list(annotations[namespacesAnnotation]),
    ]),
    ...(source === undefined ? {} : { source }),
    ...(paths === undefined ? {} : { paths: paths.split('\n') }),
    ...(holder === undefined ? {} : { holder }),
    ...(suspended === undefined ? {} : { suspended }),
    ...(pinned === undefined ? {} : { pinned }),
    ...(movedFrom === undefined ? {} : { movedFrom }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** The parent as it is written. What others added to it (`live`) stays. */
export function formatInventory(inventory: Inventory, live?: KubeObject): KubeObject {
  const additional = [...inventory.namespaces].filter((namespace) => namespace !== inventory.namespace);
  const { annotations, labels, ...metadata } = live?.metadata ?? {
    name: inventory.name,
    namespace: inventory.namespace,
  };
  const { [movedFromAnnotation]: _moved, [ownNamespaceAnnotation]: _own, ...kept } = annotations ?? {};
  return {
    ...live,
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      ...metadata,
      labels: { ...labels, [idLabel]: inventory.id },
      annotations: {
        ...kept,
        [toolingAnnotation]: tooling,
        [groupKindsAnnotation]: [...inventory.groupKinds].sort().join(','),
        [namespacesAnnotation]: additional.sort().join(','),
        ...(inventory.namespaces.has(inventory.namespace) ? {} : { [ownNamespaceAnnotation]: unused }),
        ...(inventory.source === undefined ? {} : { [sourceAnnotation]: inventory.source }),
        ...(inventory.paths === undefined ? {} : { [pathsAnnotation]: inventory.paths.join('\n') }),
        ...(inventory.holder === undefined ? {} : { [holderAnnotation]: formatHolder(inventory.holder) }),
        ...(inventory.movedFrom === undefined ? {} : { [movedFromAnnotation]: inventory.movedFrom }),
      },
    },
  };
}

/** Why the objects of an inventory stay as they are, whatever git says. */
export interface Stay {
  readonly how: 'suspended' | 'pinned';
  /** Who, when and why. */
  readonly reason: string;
  /** Of the parent that says so. */
  readonly annotation: string;
  readonly parent: string;
}

/** The first of the inventories that may not be touched: losing everything but the cluster must not undo a rollback (APPLY §4). */
export function findStay(inventories: readonly Inventory[]): Stay | undefined {
  for (const { name, namespace, suspended, pinned } of inventories) {
    const parent = `${namespace}/${name}`;
    if (suspended !== undefined)
      return { how: 'suspended', reason: suspended, annotation: suspendedAnnotation, parent };
    if (pinned !== undefined) return { how: 'pinned', reason: pinned, annotation: pinnedAnnotation, parent };
  }
  return undefined;
}

/** Whether both name the same kinds and namespaces, and the same parent before them. */
export function sameMembership(a: Inventory, b: Inventory): boolean {
  if (a.movedFrom !== b.movedFrom) return false;
  return (
    a.groupKinds.symmetricDifference(b.groupKinds).size + a.namespaces.symmetricDifference(b.namespaces).size === 0
  );
}

function list(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').filter((entry) => entry !== '');
}

function formatHolder(holder: Holder): string {
  return `${holder.installation}/${holder.run} ${holder.time}`;
}

function parseHolder(text: string | undefined): Holder | undefined {
  const [, installation, run, time] = /^([^/]+)\/(\S+) (\S+)$/.exec(text ?? '') ?? [];
  return installation === undefined || run === undefined || time === undefined
    ? undefined
    : { installation, run, time };
}
