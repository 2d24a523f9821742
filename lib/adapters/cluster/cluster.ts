import type { Cluster, ObjectKey } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { KubeObject, ResourceKind } from '../../domain/objects/kube-object.ts';
import { fieldManager } from '../../domain/objects/ownership.ts';
import { createDiscovery } from './discovery.ts';
import { listAll } from './list.ts';
import { collectionOf, nameOf, pathOf } from './paths.ts';
import type { Call, Rest } from './rest.ts';
import { limitsOf } from './retry.ts';

/** What a connection is beside its requests. */
export interface ClusterIdentity {
  readonly id: string;
  readonly namespace: string;
  close(): void;
}

const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/**
 * The port, verb by verb, as https://kubernetes.io/docs/reference/using-api/api-concepts/ and server-side apply have it. A write whose answer was
 * lost is sent again: `create` may then say `AlreadyExists`, and what has a precondition `Conflict`, of the caller's own write.
 */
export function createCluster(rest: Rest, { id, namespace, close }: ClusterIdentity): Cluster {
  async function send(call: Call): Promise<KubeObject> {
    return (await rest.send(call)) as KubeObject;
  }

  return {
    id,
    namespace,
    ...createDiscovery(rest),
    list: (kind, options = {}) => listAll(rest, kind, options),

    async get(kind, key, { full = false } = {}) {
      const limits = limitsOf(kind);
      const call = { ...about('read', kind, key), method: 'GET', limits } as const;
      const object = await orUndefined(send(full ? call : { ...call, accept: metadataOnly }));
      if (object === undefined || full) return object;
      return { apiVersion: kind.apiVersion, kind: kind.kind, metadata: object.metadata };
    },

    apply(kind, object, { dryRun = false } = {}) {
      return send({
        ...about('apply', kind, object.metadata),
        method: 'PATCH',
        query: { fieldManager, force: 'true', dryRun: dryRun ? 'All' : undefined },
        // JSON is YAML; servers before 1.32 know no other name for it.
        contentType: 'application/apply-patch+yaml',
        body: object,
        retryConflict: object.metadata.resourceVersion === undefined && object.metadata.uid === undefined,
      });
    },

    create(kind, object) {
      return send({
        ...about('create', kind, object.metadata),
        method: 'POST',
        path: collectionOf(kind, object.metadata.namespace),
        query: { fieldManager },
        body: object,
      });
    },

    replace(kind, object) {
      return send({
        ...about('replace', kind, object.metadata),
        method: 'PUT',
        query: { fieldManager },
        body: object,
      });
    },

    patch(kind, key, operations) {
      return send({
        ...about('patch', kind, key),
        method: 'PATCH',
        query: { fieldManager },
        contentType: 'application/json-patch+json',
        body: operations,
      });
    },

    async delete(kind, key, { uid, resourceVersion, dryRun = false } = {}) {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        ...((uid !== undefined || resourceVersion !== undefined) && { preconditions: { uid, resourceVersion } }),
        ...(dryRun && { dryRun: ['All'] }),
      };
      return (await orUndefined(send({ ...about('delete', kind, key), method: 'DELETE', body }))) !== undefined;
    },

    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

function about(verb: string, kind: ResourceKind, key: ObjectKey): Pick<Call, 'what' | 'path'> {
  return { what: `${verb} "${nameOf(kind, key)}"`, path: pathOf(kind, key) };
}

/** Undefined where the object, but not its kind, is missing. */
async function orUndefined(answer: Promise<KubeObject>): Promise<KubeObject | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Failure && error.code === 'NotFound') return undefined;
    throw error;
  }
}
