import { asFailure, Failure } from '../../domain/failure.ts';
import { appliedAnnotation } from '../../domain/objects/annotations.ts';
import {
  type GroupKind,
  groupKindOf,
  idOf,
  type KubeObject,
  type ResourceKind,
} from '../../domain/objects/kube-object.ts';
import { isMember, partOfLabel } from '../../domain/objects/ownership.ts';
import { describeSecretRefusal } from '../../domain/objects/redact.ts';
import { mapInFlight, requestsInFlight } from '../in-flight.ts';
import type { Cluster, JsonPatchOperation } from '../ports.ts';
import type { Pruned } from './prune.ts';

export interface ReleaseRequest {
  readonly objects: readonly KubeObject[];
  /** The claimed kinds, as listed. */
  readonly kinds: ReadonlyMap<GroupKind, ResourceKind>;
  readonly inventoryIds: readonly string[];
  /** Throws when the run may write no more. */
  readonly held: () => void;
}

const mostAttempts = 8;

/** Lets go of members of the inventory, which stay in the cluster as they are: our label and our annotation are taken off (APPLY §7). */
export async function release(cluster: Cluster, request: ReleaseRequest): Promise<readonly Pruned[]> {
  return await mapInFlight(request.objects, requestsInFlight, async (live) => {
    const id = idOf(live);
    try {
      await releaseOne(cluster, live, request);
      return { result: { id, action: 'configured' } };
    } catch (error) {
      request.held();
      const { fault, message, code } = asFailure(error);
      // What the server says of a Secret may quote the whole of it (APPLY §3).
      const state = live.kind === 'Secret' ? describeSecretRefusal(message, code) : message;
      const failure = new Failure(fault, `Cannot release "${id}": ${state}`, { cause: error });
      return { result: { id, action: 'failed', error: `its marks cannot be taken off: ${state}` }, failure };
    }
  });
}

/** One patch that fails if the object changed since it was looked at; then it is looked at again. */
async function releaseOne(cluster: Cluster, live: KubeObject, request: ReleaseRequest): Promise<void> {
  const kind = request.kinds.get(groupKindOf(live));
  if (kind === undefined) throw new Failure('server', `Cannot release "${idOf(live)}": its kind was not listed`);
  let looked: KubeObject | undefined = live;
  for (let attempt = 1; looked !== undefined && isOwn(looked, request); attempt++) {
    request.held();
    try {
      await cluster.patch(kind, live.metadata, releasePatch(looked));
      return;
    } catch (error) {
      const { code } = asFailure(error);
      if (code === 'NotFound') return;
      if (code !== 'Conflict' || attempt === mostAttempts) throw error;
      looked = await cluster.get(kind, live.metadata);
    }
  }
}

function isOwn(object: KubeObject, { inventoryIds }: ReleaseRequest): boolean {
  return inventoryIds.some((id) => isMember(object, id));
}

function releasePatch({ metadata }: KubeObject): readonly JsonPatchOperation[] {
  const { annotations, resourceVersion } = metadata;
  const applied: JsonPatchOperation = { op: 'remove', path: `/metadata/annotations/${pointerOf(appliedAnnotation)}` };
  return [
    { op: 'remove', path: `/metadata/labels/${pointerOf(partOfLabel)}` },
    ...(annotations?.[appliedAnnotation] === undefined ? [] : [applied]),
    // The API server takes this for the precondition that it is.
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
  ];
}

/** A key in a JSON pointer (RFC 6901). */
function pointerOf(key: string): string {
  return key.replaceAll('/', '~1');
}
