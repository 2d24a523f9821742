import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { createConnect } from '../../lib/adapters/cluster/connect.ts';
import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { createSqliteStore } from '../../lib/adapters/sqlite/store.ts';
import { bring } from '../../lib/app/cluster/bring.ts';
import type { Cluster, Store } from '../../lib/app/ports.ts';
import type { KubeObject } from '../../lib/domain/objects/kube-object.ts';
import { Settings, type Target } from '../../lib/domain/settings/settings.ts';
import { createLog } from '../../lib/log.ts';
import { type Ask, createAsk } from '../chaos/ask.ts';
import { type Drift, drifts, driftTo, headsOf, type Repository } from './repository.ts';
import type { Subject } from './subject.ts';

/** What happens to a target before its last sync. */
type Step =
  | { readonly kind: 'push'; readonly repository: Repository }
  | { readonly kind: 'sync' }
  /** The worker is killed at so manieth of its writes: before it reaches the server, or when it is done and nobody hears of it. */
  | ({ readonly kind: 'killed' } & Death)
  | { readonly kind: 'drift'; readonly drift: Drift }
  | { readonly kind: 'store lost' };

interface Story {
  readonly first: Repository;
  readonly steps: readonly Step[];
}

/** A story has a few dozen requests: one that takes so long hangs. */
const longestMs = 60_000;

/**
 * The property that everything else serves: a sync gives the same objects whatever the cluster held before (older heads, half of a sync whose
 * worker was killed, what people changed by hand), and a second one changes nothing. Against a real API server, two namespaces a story.
 */
export async function openAnyState(kubeconfig: string): Promise<Subject<Story>> {
  const ask = await createAsk(kubeconfig);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-any-state-'));
  const database = openDatabase(join(directory, 'sluice.db'));
  const store = createSqliteStore(database, Date.now);
  const connect = createConnect({ readSecret: async () => readFileSync(kubeconfig, 'utf8') });
  const access = { kubeconfig: { env: 'K' } };

  async function take(story: Story): Promise<string> {
    const [lived, fresh] = [await openPlace(ask, store), await openPlace(ask, store)];
    try {
      let head = story.first;
      let own = lived;
      for (const step of story.steps) {
        if (step.kind === 'push') head = step.repository;
        else if (step.kind === 'store lost')
          own = { ...own, store: createStoreOf(store, randomBytes(6).toString('hex')) };
        else if (step.kind === 'drift') await driftTo(ask, lived.namespace, step.drift);
        else if (step.kind === 'sync') await sync(await connect(access), own, head);
        else await syncKilled(await connect(access), step, own, head);
      }
      await sync(await connect(access), own, head);
      await sync(await connect(access), fresh, head);
      const found = await membersOf(ask, lived);
      const wanted = await membersOf(ask, fresh);
      if (!isDeepStrictEqual(found.objects, wanted.objects)) {
        throw new Error(differenceOf(found.objects, wanted.objects));
      }
      const { changes } = await sync(await connect(access), own, head);
      const { unchanged, ...others } = changes;
      const again = await membersOf(ask, lived);
      if (
        unchanged !== head.length ||
        Object.values(others).some((count) => count > 0) ||
        !isDeepStrictEqual(again.versions, found.versions)
      ) {
        throw new Error(`a second sync changes something: ${JSON.stringify(changes)}`);
      }
      return 'same';
    } finally {
      for (const { namespace } of [lived, fresh]) await ask('DELETE', `/api/v1/namespaces/${namespace}`);
    }
  }

  return {
    inputs: stories,
    take: (story) => within(longestMs, take(story)),
    shapes: {},
    largest: 0,
    async [Symbol.asyncDispose]() {
      ask.close();
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

const stories: fc.Arbitrary<Story> = fc.record({
  first: headsOf,
  steps: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: headsOf.map((repository): Step => ({ kind: 'push', repository })) },
      { weight: 3, arbitrary: fc.constant<Step>({ kind: 'sync' }) },
      {
        weight: 4,
        arbitrary: fc
          .record({ write: fc.integer({ min: 1, max: 12 }), done: fc.boolean() })
          .map((at): Step => ({ kind: 'killed', ...at })),
      },
      { weight: 3, arbitrary: drifts.map((drift): Step => ({ kind: 'drift', drift })) },
      { weight: 1, arbitrary: fc.constant<Step>({ kind: 'store lost' }) },
    ),
    { minLength: 1, maxLength: 9 },
  ),
});

/** A target and the namespace of its objects and inventory. */
interface Place {
  readonly namespace: string;
  readonly target: Target;
  readonly store: Store;
}

async function openPlace(ask: Ask, store: Store): Promise<Place> {
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
function createStoreOf(store: Store, prefix: string): Store {
  return {
    get: (partition, sort) => store.get(`${prefix}/${partition}`, sort),
    put: (item, condition) => store.put({ ...item, partition: `${prefix}/${item.partition}` }, condition),
    delete: (partition, sort, condition) => store.delete(`${prefix}/${partition}`, sort, condition),
    query: (partition, options) => store.query(`${prefix}/${partition}`, options),
  };
}

async function sync(cluster: Cluster, { target, store }: Place, repository: Repository) {
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

interface Death {
  readonly write: number;
  readonly done: boolean;
}

/** What the worker says of it is heard by nobody. */
async function syncKilled(cluster: Cluster, death: Death, place: Place, repository: Repository): Promise<void> {
  const mortal = killedAt(cluster, death);
  await sync(mortal.cluster, place, repository).catch((error: unknown) => {
    if (!mortal.isDead()) throw error;
  });
}

/** From its death on nothing reaches the server. */
function killedAt(cluster: Cluster, { write, done }: Death): { readonly cluster: Cluster; isDead(): boolean } {
  const killed = new Error('killed');
  let writes = 0;
  let isDead = false;
  async function mortal<T>(isWrite: boolean, act: () => Promise<T>): Promise<T> {
    if (isDead) throw killed;
    if (!isWrite) return await act();
    writes += 1;
    isDead = writes >= write;
    if (!isDead) return await act();
    if (done) await act();
    throw killed;
  }
  const mortals: Partial<Cluster> = {
    list: (...given: Parameters<Cluster['list']>) => mortal(false, () => cluster.list(...given)),
    get: (...given: Parameters<Cluster['get']>) => mortal(false, () => cluster.get(...given)),
    apply: (...given: Parameters<Cluster['apply']>) => mortal(true, () => cluster.apply(...given)),
    create: (...given: Parameters<Cluster['create']>) => mortal(true, () => cluster.create(...given)),
    replace: (...given: Parameters<Cluster['replace']>) => mortal(true, () => cluster.replace(...given)),
    patch: (...given: Parameters<Cluster['patch']>) => mortal(true, () => cluster.patch(...given)),
    delete: (...given: Parameters<Cluster['delete']>) => mortal(true, () => cluster.delete(...given)),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
  return { cluster: Object.assign(Object.create(cluster) as Cluster, mortals), isDead: () => isDead };
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
async function membersOf(ask: Ask, { namespace }: Place) {
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
      objects[`${path} ${name}`] = { labels, annotations, data: item.data, spec };
      versions[`${path} ${name}`] = path.includes('deployments') ? undefined : resourceVersion;
    }
  }
  return { objects, versions };
}

function differenceOf(found: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): string {
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  const different = [...keys].filter((key) => !isDeepStrictEqual(found[key], wanted[key]));
  return different
    .map((key) => `${key} is ${JSON.stringify(found[key])} and not ${JSON.stringify(wanted[key])}`)
    .join('; ');
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timeout = sleep(milliseconds, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Error(`it takes more than ${milliseconds} ms`)),
    () => undefined as never,
  );
  try {
    return await Promise.race([work, timeout]);
  } finally {
    late.abort();
  }
}
