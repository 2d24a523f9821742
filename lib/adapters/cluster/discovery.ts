import { Failure } from '../../domain/failure.ts';
import { groupOf, type ResourceKind } from '../../domain/objects/kube-object.ts';
import { rootOf } from './paths.ts';
import type { Rest } from './rest.ts';
import { quick } from './retry.ts';

/** What the server serves, asked for one API version at a time and remembered while the connection lasts. */
export interface Discovery {
  resources(apiVersion: string): Promise<readonly ResourceKind[] | undefined>;
  versions(group: string): Promise<readonly string[]>;
  forget(apiVersion: string): void;
}

/** The fields of an APIResourceList that are read. */
interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs?: readonly string[];
  }[];
}

/** The fields of an APIGroup that are read. */
interface Group {
  readonly versions?: readonly { readonly groupVersion: string }[];
  readonly preferredVersion?: { readonly groupVersion: string };
}

export function createDiscovery(rest: Rest): Discovery {
  const kinds = new Map<string, Promise<readonly ResourceKind[] | undefined>>();
  const groups = new Map<string, Promise<readonly string[]>>();

  /** The body at `path`, undefined where the server has nothing there. A group that does not answer concerns its own objects alone: it is not waited for long. */
  async function look(path: string, name: string): Promise<unknown> {
    try {
      return await rest.send({ method: 'GET', path, what: `read the kinds of "${name}"`, limits: quick });
    } catch (error) {
      if (error instanceof Failure && (error.code === 'NotServed' || error.code === 'NotFound')) return undefined;
      throw error;
    }
  }

  async function askResources(apiVersion: string): Promise<readonly ResourceKind[] | undefined> {
    const list = (await look(rootOf(apiVersion), apiVersion)) as ResourceList | undefined;
    return list?.resources
      ?.filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced, verbs = [] }) => ({ apiVersion, kind, plural: name, namespaced, verbs }));
  }

  async function askVersions(group: string): Promise<readonly string[]> {
    if (group === '') return ['v1'];
    const found = (await look(`/apis/${encodeURIComponent(group)}`, group)) as Group | undefined;
    const versions = (found?.versions ?? []).map(({ groupVersion }) => groupVersion);
    const preferred = found?.preferredVersion?.groupVersion;
    return preferred === undefined ? versions : [preferred, ...versions.filter((version) => version !== preferred)];
  }

  return {
    resources: (apiVersion) => remember(kinds, apiVersion, askResources),
    versions: (group) => remember(groups, group, askVersions),
    forget(apiVersion) {
      kinds.delete(apiVersion);
      groups.delete(groupOf(apiVersion));
    },
  };
}

/** One question for all who ask at once; a failure is not remembered. */
function remember<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  ask: (key: string) => Promise<Value>,
): Promise<Value> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const asked = ask(key);
  known.set(key, asked);
  asked.catch(() => {
    if (known.get(key) === asked) known.delete(key);
  });
  return asked;
}
