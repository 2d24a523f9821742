import type { ListOptions } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { KubeObject, ResourceKind } from '../../domain/objects/kube-object.ts';
import { collectionOf } from './paths.ts';
import type { Call, Rest } from './rest.ts';
import { limitsOf } from './retry.ts';

interface Page {
  readonly metadata?: { readonly continue?: string };
  readonly items?: readonly Pick<KubeObject, 'metadata'>[];
}

const pageSize = '500';
const restarts = 3;
/** APPLY §6; what cannot make it answers with whole objects. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/**
 * All objects of a kind, page by page, at one state of the server: a `continue` that has expired (410) begins anew
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
 */
export async function listAll(rest: Rest, kind: ResourceKind, options: ListOptions): Promise<readonly KubeObject[]> {
  for (let restart = 0; ; restart += 1) {
    try {
      return await listOnce(rest, kind, options);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'Expired' || restart === restarts) throw error;
    }
  }
}

async function listOnce(rest: Rest, kind: ResourceKind, options: ListOptions): Promise<KubeObject[]> {
  const { namespace, labelSelector, full = false } = options;
  const { apiVersion, kind: name } = kind;
  const call: Call = {
    method: 'GET',
    path: collectionOf(kind, namespace),
    what: `list "${kind.plural}${namespace === undefined ? '' : ` of ${namespace}`}"`,
    limits: limitsOf(kind),
    ...(!full && { accept: metadataOnly }),
  };
  const objects: KubeObject[] = [];
  let next: string | undefined;
  do {
    const page = (await rest.send({ ...call, query: { limit: pageSize, labelSelector, continue: next } })) as Page;
    // The items of a list do not say what they are, or say PartialObjectMetadata.
    for (const item of page.items ?? []) {
      objects.push({ ...(full ? item : { metadata: item.metadata }), apiVersion, kind: name } as KubeObject);
    }
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
  return objects;
}
