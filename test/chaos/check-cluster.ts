import { isDeepStrictEqual } from 'node:util';
import type { Ask } from './ask.ts';
import type { KubeObject } from './expected.ts';
import type { Place } from './manifests.ts';
import { foreignName, inventoryId } from './world.ts';

/** What the cluster holds that was looked at: every object of the kinds that are used, by namespace; and the inventories, by target. */
export interface Holding {
  readonly objects: ReadonlyMap<string, readonly KubeObject[]>;
  readonly inventories: ReadonlyMap<string, KubeObject>;
}

/** What is wrong with a target, in words. */
export interface Findings {
  readonly lost: readonly string[];
  readonly untracked: readonly string[];
}

const lists: Readonly<Record<string, string>> = {
  ConfigMap: '/api/v1/configmaps',
  Secret: '/api/v1/secrets',
  Service: '/api/v1/services',
  ServiceAccount: '/api/v1/serviceaccounts',
  Deployment: '/apis/apps/v1/deployments',
};
const partOf = 'applyset.kubernetes.io/part-of';
const groups: Readonly<Record<string, string>> = { Deployment: 'Deployment.apps' };

export async function readHolding(ask: Ask): Promise<Holding> {
  const objects = new Map<string, KubeObject[]>();
  const inventories = new Map<string, KubeObject>();
  for (const [kind, path] of Object.entries(lists)) {
    const { status, body } = await ask('GET', path);
    if (status !== 200) throw new Error(`Cannot list "${path}": answered ${status}`);
    for (const item of body.items as readonly KubeObject[]) {
      const object = { ...item, kind };
      const { name, namespace } = object.metadata;
      if (namespace === 'default' && name.startsWith('sluice-')) inventories.set(name.slice('sluice-'.length), object);
      const there = objects.get(namespace);
      if (there === undefined) objects.set(namespace, [object]);
      else there.push(object);
    }
  }
  return { objects, inventories };
}

export function foreignObjects({ objects }: Holding): readonly KubeObject[] {
  return [...objects.values()].flat().filter(({ metadata }) => metadata.name === foreignName);
}

/** The cluster equals the head of the branch, and the inventory says which objects those are. */
export function checkTarget(place: Place, head: readonly KubeObject[], holding: Holding): Findings {
  const { target, namespace } = place;
  const lost: string[] = [];
  const untracked: string[] = [];
  const expected = new Map(head.map((object) => [keyOf(object), object]));
  const live = new Map((holding.objects.get(namespace) ?? []).map((object) => [keyOf(object), object]));
  for (const [key, object] of expected) {
    const found = live.get(key);
    if (found === undefined) lost.push(`${target}: ${key} is not there`);
    else if (!isAs(found, object)) lost.push(`${target}: ${key} is not as the head has it`);
    if (found !== undefined && found.metadata.labels?.[partOf] !== inventoryId(target)) {
      untracked.push(`${target}: ${key} does not have the label of its set`);
    }
  }
  for (const [key, { metadata }] of live) {
    if (!expected.has(key) && metadata.name !== foreignName) untracked.push(`${target}: ${key} is left over`);
  }
  const annotations = holding.inventories.get(target)?.metadata.annotations ?? {};
  const kinds = [...new Set(head.map(({ kind }) => groups[kind] ?? kind))].sort().join(',');
  const tracked = annotations['applyset.kubernetes.io/contains-group-kinds'];
  if (tracked !== kinds) untracked.push(`${target}: the inventory has the kinds "${tracked}", its objects "${kinds}"`);
  const namespaces = annotations['applyset.kubernetes.io/additional-namespaces'];
  if (namespaces !== namespace) untracked.push(`${target}: the inventory has the namespaces "${namespaces}"`);
  return { lost, untracked };
}

function keyOf({ kind, metadata }: KubeObject): string {
  return `${metadata.namespace}:${kind.toLowerCase()}/${metadata.name}`;
}

/** Whether a live object is what git says and nothing else, but for what the API server and the applier add. */
function isAs(live: KubeObject, object: KubeObject): boolean {
  const { [partOf]: _, ...labels } = live.metadata.labels ?? {};
  return (
    isDeepStrictEqual(labels, { ...object.metadata.labels }) &&
    isDeepStrictEqual(live.data ?? {}, dataOf(object)) &&
    contains(live.spec, object.spec)
  );
}

function dataOf({ data, stringData = {} }: KubeObject): unknown {
  const encoded = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { ...data, ...Object.fromEntries(encoded) };
}

/** Every value of `part` is in `whole`, and no list of it is longer. */
function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return (
      Array.isArray(whole) && whole.length === part.length && part.every((entry, at) => contains(whole[at], entry))
    );
  }
  if (typeof part !== 'object' || part === null) return whole === part || part === undefined;
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([key, value]) => contains((whole as Record<string, unknown>)[key], value));
}
