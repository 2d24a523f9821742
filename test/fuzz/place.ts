import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { bring } from '../../lib/app/cluster/bring.ts';
import type { Cluster, Store } from '../../lib/app/ports.ts';
import type { KubeObject } from '../../lib/domain/objects/kube-object.ts';
import { Settings, type Target } from '../../lib/domain/settings/settings.ts';
import { createLog } from '../../lib/log.ts';
import type { Ask } from '../chaos/ask.ts';
import type { Repository } from './repository.ts';

/** A story has a few dozen requests: one that takes so long hangs. */
export const longestMs = 60_000;

/** A target and the namespace of its objects and inventory. */
export interface Place {
  readonly namespace: string;
  readonly target: Target;
  readonly store: Store;
}

export async function openPlace(ask: Ask, store: Store): Promise<Place> {
  const name = `any-${randomBytes(5).toString('hex')}`;
  await ask('POST', '/api/v1/namespaces', { metadata: { name } });
  const settings = Settings.parse({
    version: 1,
    targets: [
      {
        name,
        source: { url: 'https://git.example/x.git', branch: 'main' },
        cluster: { kubeconfig: { env: 'K' } },
        namespace: name,
        inventory: { namespace: name },
        allowEmpty: true,
      },
    ],
  });
  const [target] = settings.targets;
  if (target === undefined) throw new TypeError('There is one target');
  return { namespace: name, target, store: createStoreOf(store, name) };
}

/** A store that is empty at first: one of its own within another. */
export function createStoreOf(store: Store, prefix: string): Store {
  return {
    get: (partition, sort) => store.get(`${prefix}/${partition}`, sort),
    put: (item, condition) => store.put({ ...item, partition: `${prefix}/${item.partition}` }, condition),
    delete: (partition, sort, condition) => store.delete(`${prefix}/${partition}`, sort, condition),
    query: (partition, options) => store.query(`${prefix}/${partition}`, options),
  };
}

export async function sync(cluster: Cluster, { target, store }: Place, repository: Repository) {
  await using _ = cluster;
  const signal = AbortSignal.timeout(longestMs);
  const run = `run-${randomBytes(6).toString('hex')}`;
  const manifests = repository.map((object, index) => ({ object, file: 'all.yaml', line: index + 1 }));
  const brought = await bring(
    cluster,
    { manifests, warnings: [] },
    {
      target,
      job: { kind: 'sync', target: target.name, run, cause: { kind: 'manual', by: 'test' }, attempt: 0 },
      signal,
      held: () => signal.throwIfAborted(),
      log: createLog(() => undefined),
      applied: undefined,
      verifiedUpTo: undefined,
      wanted: undefined,
      started: async () => undefined,
    },
    {
      store,
      clock: Date.now,
      sleep: (ms) => sleep(ms, undefined, { signal }),
      installation: 'test',
      targets: [target],
    },
  );
  if ('stay' in brought) throw new Error('nobody has suspended it');
  if (brought.error !== undefined) throw brought.error;
  return brought;
}

const partOf = 'applyset.kubernetes.io/part-of';
const lists = [
  '/api/v1/configmaps',
  '/api/v1/secrets',
  '/api/v1/services',
  '/api/v1/serviceaccounts',
  '/apis/apps/v1/deployments',
];

/** What the target has: each object as git could have it, and its version. */
export async function membersOf(ask: Ask, { namespace }: Place) {
  const objects: Record<string, unknown> = {};
  const versions: Record<string, string | undefined> = {};
  for (const path of lists) {
    const at = path.lastIndexOf('/');
    const { body } = await ask('GET', `${path.slice(0, at)}/namespaces/${namespace}${path.slice(at)}`);
    for (const item of body.items as readonly KubeObject[]) {
      const { name, labels: { [partOf]: id, ...labels } = {}, resourceVersion, deletionTimestamp } = item.metadata;
      if (id === undefined || deletionTimestamp !== undefined) continue;
      const { annotations: { 'sluice.dev/applied': _, 'deployment.kubernetes.io/revision': __, ...annotations } = {} } =
        item.metadata;
      const { clusterIP: _ip, clusterIPs: _ips, ...spec } = (item.spec ?? {}) as Record<string, unknown>;
      objects[`${path} ${name}`] = { labels, annotations, data: item.data, spec: withoutOrder(spec) };
      versions[`${path} ${name}`] = path.includes('deployments') ? undefined : resourceVersion;
    }
  }
  return { objects, versions };
}

/**
 * What has a name is found by it (`x-kubernetes-list-type: map`): the server merges such lists, and an entry stays where it was applied first,
 * wherever git has it now.
 */
function withoutOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOrder).sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutOrder(field)]));
}

function nameOf(entry: unknown): string {
  const { name = '' } = Object(entry) as { readonly name?: unknown };
  return String(name);
}
