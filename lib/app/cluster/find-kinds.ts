import { asFailure, type Failure, type Fault, stateOf } from '../../domain/failure.ts';
import { type Draft, isDraft } from '../../domain/objects/draft.ts';
import type { KubeObject, Manifest, ResourceKind } from '../../domain/objects/kube-object.ts';
import { nearest } from '../../domain/settings/nearest.ts';
import type { Cluster } from '../ports.ts';

/** The kinds of the objects of a render. */
export interface Kinds {
  /** The kind, or why there is none. */
  kindOf(object: KubeObject): ResourceKind | NoKind;
}

interface NoKind {
  readonly fault: Fault;
  readonly state: string;
  readonly help: string | undefined;
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
      const { apiVersion } = object;
      const failure = down.get(apiVersion);
      if (failure === undefined) return unknownKind(object, [...known.keys(), ...brought.keys()]);
      const found = stateOf(failure, 'read the kinds of');
      const state = `the cluster does not say which kinds ${apiVersion} has: ${found}`;
      return {
        fault: failure.fault,
        state,
        help: failure.help ?? seeApiService(apiVersion),
      };
    },
  };
}

/** What to do about an API that does not answer although the API server does. */
export function seeApiService(apiVersion: string): string {
  return `See the APIService of ${apiVersion} in the cluster`;
}

/** `keys` are those of all kinds that are there. */
function unknownKind({ apiVersion, kind }: KubeObject, keys: readonly string[]): NoKind {
  const beside = keys.flatMap((key) => (key.startsWith(`${apiVersion} `) ? key.slice(apiVersion.length + 1) : []));
  const meant = nearest(kind, beside);
  return {
    fault: 'user',
    state: `the cluster has no kind ${kind} in ${apiVersion}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    help:
      beside.length > 0
        ? `Correct the kind, or put its CustomResourceDefinition beside it`
        : `Use a version that the cluster serves ("kubectl api-versions" lists them), or put the CustomResourceDefinition beside it`,
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
