import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ManagedFields } from '../../domain/objects/kube-object.ts';
import { assemble, type FieldsV1, fromFieldsV1, type Leaves, leavesOf, toFieldsV1 } from './field-set.ts';

/** What the server gives, whatever is written. */
const serversOwn =
  /^f:(apiVersion|kind|status|metadata\0f:(?!(labels|annotations|finalizers|ownerReferences)(\0|$))[^\0]*)(\0|$)/;

/**
 * The object after a write, with who owns what from now on (https://kubernetes.io/docs/reference/using-api/server-side-apply/). Who updates
 * owns what he changes; who applies owns what he applies, conflicts are his, and what he applied before and no longer does goes, unless
 * others own it too. A `managedFields` that is written counts.
 */
export function writeAs(
  manager: string,
  operation: 'Apply' | 'Update',
  live: KubeObject | undefined,
  given: KubeObject,
): KubeObject {
  const base = live ?? given;
  const entries = (given.metadata.managedFields?.length ? given : base).metadata.managedFields ?? [];
  const own = entries.find((entry) => entry.manager === manager && entry.operation === operation);
  const others = entries.filter((entry) => entry !== own);
  const applies = operation === 'Apply';

  const last = pathsOf(own);
  const before = live === undefined ? new Map() : writable(live);
  const written = writable(given);
  const dropped = others.map(pathsOf).reduce((paths, kept) => paths.difference(kept), last.difference(written));
  const after = applies ? new Map([...before, ...written].filter(([path]) => !dropped.has(path))) : written;
  const same = new Map([...after].filter(([path, value]) => isDeepStrictEqual(before.get(path), value)));
  const changed = new Set([...before.keys(), ...after.keys()]).difference(same);

  const mine = applies ? new Set(written.keys()) : last.union(changed).intersection(after);
  const fieldsV1 = toFieldsV1(mine);
  const time = isDeepStrictEqual(own?.fieldsV1, fieldsV1) ? own?.time : now();
  const entry = { manager, operation, apiVersion: base.apiVersion, time, fieldsType: 'FieldsV1', fieldsV1 };
  const rest = others.map((other) => ({ ...other, fieldsV1: toFieldsV1(pathsOf(other).difference(changed)) }));
  const managedFields = [entry, ...rest].filter((candidate) => Object.keys(candidate.fieldsV1).length > 0);
  const untouched = [...leavesOf(base)].filter(([path]) => serversOwn.test(path));
  const object = assemble(new Map([...untouched, ...after])) as KubeObject;
  return { ...object, metadata: { ...object.metadata, managedFields } } as KubeObject;
}

/** Seconds, as the API server has them. */
export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

function writable(object: KubeObject): Leaves {
  return new Map([...leavesOf(object)].filter(([path]) => !serversOwn.test(path)));
}

function pathsOf(entry: ManagedFields | undefined): ReadonlySet<string> {
  return fromFieldsV1((entry?.fieldsV1 ?? {}) as FieldsV1);
}
