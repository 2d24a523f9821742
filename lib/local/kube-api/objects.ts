import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ObjectKey } from '../../app/ports.ts';
import type { KubeObject, ResourceKind } from '../../domain/objects/kube-object.ts';
import { kinds } from './kinds.ts';
import { now } from './ownership.ts';
import { statusOf } from './status-of.ts';

const withGeneration: ReadonlySet<string> = new Set(['CronJob', 'Deployment', 'Ingress']);

export type Objects = ReturnType<typeof createObjects>;

/** The objects, in memory. `settleMs` after a write the status of an object says that all went well. */
export function createObjects(settleMs: number) {
  const tables = new Map(kinds.map(({ plural }) => [plural, new Map<string, KubeObject>()]));
  let newest = 0;

  function tableOf(kind: ResourceKind): Map<string, KubeObject> {
    return tables.get(kind.plural) ?? new Map();
  }

  function get(kind: ResourceKind, key: ObjectKey): KubeObject | undefined {
    return tableOf(kind).get(keyOf(key));
  }

  /** In the order of their keys. */
  function list(kind: ResourceKind, namespace: string | undefined): readonly KubeObject[] {
    const objects = [...tableOf(kind)].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    return objects.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  }

  /** Stores what follows `live`, but not with `dryRun`, and returns it with what the server gives it. */
  function write(kind: ResourceKind, live: KubeObject | undefined, next: KubeObject, dryRun = false): KubeObject {
    if (isDeepStrictEqual(live, next)) return next;
    const { uid = randomUUID(), generation = 0, creationTimestamp = now() } = live?.metadata ?? {};
    const grown = generation + (isDeepStrictEqual(live?.spec, next.spec) ? 0 : 1);
    const given = { uid, creationTimestamp, resourceVersion: String(newest + 1) };
    const metadata = { ...next.metadata, ...given, ...(withGeneration.has(kind.kind) && { generation: grown }) };
    const stored = { ...next, metadata };
    if (dryRun) return stored;
    newest += 1;
    tableOf(kind).set(keyOf(metadata), stored);
    setTimeout(() => settle(kind, metadata), settleMs).unref();
    return stored;
  }

  function settle(kind: ResourceKind, key: ObjectKey): void {
    const live = get(kind, key);
    const status = live && statusOf(live);
    if (live !== undefined && status !== undefined) write(kind, live, { ...live, status });
  }

  /** A Namespace goes with what is in it. */
  function remove(kind: ResourceKind, { metadata }: KubeObject): void {
    tableOf(kind).delete(keyOf(metadata));
    for (const table of kind.kind === 'Namespace' ? tables.values() : []) {
      for (const [key, object] of table) if (object.metadata.namespace === metadata.name) table.delete(key);
    }
  }

  return { version: () => String(newest), get, list, write, remove };
}

export function keyOf({ namespace = '', name }: ObjectKey): string {
  return `${namespace}/${name}`;
}
