import { asFailure, type Failure } from '../../domain/failure.ts';
import { groupKindOf, type KubeObject } from '../../domain/objects/kube-object.ts';
import { type Desired, objectKey } from '../../domain/objects/plan.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import type { Cluster } from '../ports.ts';

/** Up to this many objects of a kind and namespace are read one by one, more by one LIST (APPLY §2). */
const fewEnoughToGet = 8;

/** An object of which the kind and the names count. */
export type Sought = Pick<Desired, 'kind' | 'object'>;

/** What is there of some objects, by `objectKey`. */
export interface Looked {
  readonly live: ReadonlyMap<string, KubeObject>;
  /** Objects that could not be read: the account may not, or the API of their kind does not answer. Each concerns itself alone (APPLY §6). */
  readonly unread: ReadonlyMap<string, Failure>;
}

/**
 * The metadata of live objects, as those that the render has and the inventory does not know yet are looked at before the first touch. Whole
 * objects where `full`.
 */
export async function lookAt(
  cluster: Cluster,
  unknown: readonly Sought[],
  options: { readonly full?: boolean } = {},
): Promise<Looked> {
  const live = new Map<string, KubeObject>();
  const unread = new Map<string, Failure>();
  const groups = Map.groupBy(unknown, ({ object }) => `${groupKindOf(object)} ${object.metadata.namespace ?? ''}`);
  const reads: (() => Promise<void>)[] = [];
  for (const group of groups.values()) {
    if (group.length <= fewEnoughToGet) reads.push(...group.map((desired) => () => orUnread(get(desired), [desired])));
    else reads.push(() => orUnread(list(group), group));
  }
  await forEachInFlight(reads, requestsInFlight, (read) => read());
  return { live, unread };

  async function orUnread(read: Promise<void>, group: readonly Sought[]): Promise<void> {
    try {
      await read;
    } catch (error) {
      const failure = asFailure(error);
      // No answer of the server itself concerns all.
      if (failure.code === 'Unreachable' || failure.code === 'Aborted') throw error;
      for (const { object } of group) unread.set(objectKey(object), failure);
    }
  }

  async function get({ kind, object }: Sought): Promise<void> {
    const found = await cluster.get(kind, object.metadata, options).catch(undefinedIfNotServed);
    if (found !== undefined) live.set(objectKey(object), found);
  }

  async function list(group: readonly Sought[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const namespace = first.object.metadata.namespace;
    const wanted = new Set(group.map(({ object }) => objectKey(object)));
    const scope = namespace === undefined ? {} : { namespace };
    const all = await cluster.list(first.kind, { ...options, ...scope }).catch(undefinedIfNotServed);
    for (const found of all ?? []) {
      const key = objectKey({ ...found, apiVersion: first.kind.apiVersion, kind: first.kind.kind });
      if (wanted.has(key)) live.set(key, found);
    }
  }
}

/** The kind may come with a CRD of the same render: then nothing of it is there yet. */
function undefinedIfNotServed(error: unknown): undefined {
  if (asFailure(error).code !== 'NotServed') throw error;
}
