import { type Draft, isDraft } from '../domain/draft.ts';
import { asFailure, type Failure, type Fault } from '../domain/failure.ts';
import type { KubeObject, Manifest, ResourceKind } from '../domain/kube-object.ts';
import type { Cluster } from './ports.ts';

/** The kinds of the objects of a render. */
export interface Kinds {
  /** The kind, or why there is none. */
  kindOf(object: KubeObject): ResourceKind | { readonly fault: Fault; readonly message: string };
}

/** Asks the cluster for each API version of the render, once more where a kind is not there, and looks into the CRDs of the render. */
export async function findKinds(manifests: readonly Manifest[], cluster: Cluster): Promise<Kinds> {
  const known = new Map<string, ResourceKind>();
  const down = new Map<string, Failure>();
  const wanted = new Set(manifests.map(({ object }) => object.apiVersion));

  async function ask(apiVersion: string): Promise<void> {
    try {
      for (const kind of (await cluster.resources(apiVersion)) ?? []) known.set(`${apiVersion} ${kind.kind}`, kind);
    } catch (error) {
      // A group that does not answer concerns its own objects alone (APPLY §6); no answer to "v1" concerns all.
      if (apiVersion === 'v1') throw error;
      down.set(apiVersion, asFailure(error));
    }
  }
  await Promise.all([...wanted].map(ask));

  const brought = kindsOfCrds(manifests);
  const stale = [...wanted].filter((apiVersion) =>
    manifests.some(
      ({ object }) => object.apiVersion === apiVersion && !known.has(keyOf(object)) && !brought.has(keyOf(object)),
    ),
  );
  for (const apiVersion of stale) cluster.forget(apiVersion);
  await Promise.all(stale.map(ask));

  return {
    kindOf(object) {
      const kind = known.get(keyOf(object)) ?? brought.get(keyOf(object));
      if (kind !== undefined) return kind;
      const failure = down.get(object.apiVersion);
      if (failure !== undefined)
        return {
          fault: failure.fault,
          message: `the cluster does not say what ${object.apiVersion} is: ${failure.message}`,
        };
      return {
        fault: 'user',
        message: `the cluster has no kind ${object.kind} in ${object.apiVersion}, and no CustomResourceDefinition of this target defines it`,
      };
    },
  };
}

function keyOf(object: KubeObject): string {
  return `${object.apiVersion} ${object.kind}`;
}

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update'];

/** The kinds that CRDs of the same render will define. */
function kindsOfCrds(manifests: readonly Manifest[]): ReadonlyMap<string, ResourceKind> {
  const kinds = new Map<string, ResourceKind>();
  for (const { object } of manifests) {
    if (object.kind !== 'CustomResourceDefinition' || !isDraft(object.spec)) continue;
    const { group, names, scope, versions, version } = object.spec as Draft;
    if (!isDraft(names)) continue;
    const listed = Array.isArray(versions) ? versions.filter(isDraft).map((entry) => entry.name) : [];
    for (const name of new Set([...listed, version])) {
      if (typeof name !== 'string') continue;
      const apiVersion = `${group}/${name}`;
      const kind = String(names.kind);
      kinds.set(`${apiVersion} ${kind}`, {
        apiVersion,
        kind,
        plural: String(names.plural),
        namespaced: scope === 'Namespaced',
        verbs,
      });
    }
  }
  return kinds;
}
