import { asFailure } from '../../domain/failure.ts';
import { isDraft } from '../../domain/objects/draft.ts';
import type { GroupKind, KubeObject, ResourceKind } from '../../domain/objects/kube-object.ts';
import { isMember } from '../../domain/objects/ownership.ts';
import type { Cluster } from '../ports.ts';

export interface HoldsRequest {
  /** The claimed kinds, as listed. */
  readonly kinds: ReadonlyMap<GroupKind, ResourceKind>;
  readonly inventoryIds: readonly string[];
  readonly memberUids: ReadonlySet<string>;
}

/** What is not ours and would go with a Namespace or a CRD; undefined if nothing, or for another kind (APPLY §5). */
export async function whatItHolds(
  cluster: Cluster,
  live: KubeObject,
  request: HoldsRequest,
): Promise<string | undefined> {
  if (live.kind === 'CustomResourceDefinition') return await instanceOf(cluster, live);
  if (live.kind === 'Namespace') return await foreignIn(cluster, live.metadata.name, request);
  return undefined;
}

const pods: ResourceKind = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true, verbs: [] };
const volumeClaims: ResourceKind = { ...pods, kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' };

async function foreignIn(cluster: Cluster, namespace: string, request: HoldsRequest): Promise<string | undefined> {
  const claimed = [...request.kinds.values()].filter((kind) => kind.namespaced);
  const kinds = new Map([pods, volumeClaims, ...claimed].map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind]));
  for (const kind of kinds.values()) {
    for (const object of await listIn(cluster, kind, namespace)) {
      if (await goesWithUs(cluster, object, kind, request)) continue;
      return `the namespace holds ${kind.kind} "${object.metadata.name}", which is not of this target`;
    }
  }
  return undefined;
}

/** None of a kind that is served no more: its CRD is deleted in the same stage as the namespace. */
async function listIn(cluster: Cluster, kind: ResourceKind, namespace: string): Promise<readonly KubeObject[]> {
  try {
    return await cluster.list(kind, { namespace });
  } catch (error) {
    if (asFailure(error).code === 'NotServed') return [];
    throw error;
  }
}

/** Every namespace gets these by itself. */
const bornWithNamespace: ReadonlySet<string> = new Set(['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default']);

async function goesWithUs(
  cluster: Cluster,
  object: KubeObject,
  kind: ResourceKind,
  request: HoldsRequest,
): Promise<boolean> {
  if (object.metadata.deletionTimestamp !== undefined) return true;
  if (request.inventoryIds.some((id) => isMember(object, id))) return true;
  if (bornWithNamespace.has(`${kind.kind}/${object.metadata.name}`)) return true;
  if (object.metadata.annotations?.['kubernetes.io/service-account.name'] !== undefined) return true;
  return await isOfMember(cluster, object, request.memberUids);
}

/** Whether the owners of an object lead to a member, or to an owner that is gone: then the garbage collector is on its way. */
async function isOfMember(cluster: Cluster, object: KubeObject, memberUids: ReadonlySet<string>): Promise<boolean> {
  let here: KubeObject | undefined = object;
  // Pod, Job, CronJob is the longest chain of the built-in controllers.
  for (let hops = 0; hops < 4; hops++) {
    const owner =
      here.metadata.ownerReferences?.find((reference) => reference.controller) ?? here.metadata.ownerReferences?.[0];
    if (owner === undefined) return false;
    if (memberUids.has(owner.uid)) return true;
    const kind: ResourceKind | undefined = (await cluster.resources(owner.apiVersion))?.find(
      (entry) => entry.kind === owner.kind,
    );
    if (kind === undefined) return false;
    const { namespace } = object.metadata;
    const live: KubeObject | undefined = await cluster.get(kind, {
      name: owner.name,
      ...(kind.namespaced && namespace !== undefined ? { namespace } : {}),
    });
    if (live === undefined || live.metadata.uid !== owner.uid) return true;
    here = live;
  }
  return false;
}

async function instanceOf(cluster: Cluster, crd: KubeObject): Promise<string | undefined> {
  const definitions: ResourceKind = {
    ...pods,
    apiVersion: crd.apiVersion,
    kind: crd.kind,
    plural: 'customresourcedefinitions',
    namespaced: false,
  };
  const whole = await cluster.get(definitions, crd.metadata, { full: true });
  const spec = isDraft(whole?.spec) ? whole.spec : undefined;
  const names = isDraft(spec?.names) ? spec.names : undefined;
  if (spec === undefined || names === undefined) return undefined;
  for (const apiVersion of await cluster.versions(String(spec.group))) {
    const kind = (await cluster.resources(apiVersion))?.find((entry) => entry.plural === names.plural);
    if (kind === undefined) continue;
    const [instance] = await cluster.list(kind);
    return instance === undefined
      ? undefined
      : `there are objects of its kind: ${kind.kind} "${instance.metadata.name}"`;
  }
  return undefined;
}
