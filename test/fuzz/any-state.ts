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
import type { Cluster } from '../../lib/app/ports.ts';
import { createAsk } from '../chaos/ask.ts';
import { type Death, killedAt } from './mortal.ts';
import { createStoreOf, longestMs, membersOf, openPlace, type Place, sync } from './place.ts';
import { type Drift, drifts, driftTo, headsOf, type Repository } from './repository.ts';
import type { Subject } from './subject.ts';

/** What happens to a target before its last sync. */
type Step =
  | { readonly kind: 'push'; readonly repository: Repository }
  | { readonly kind: 'sync' }
  | ({ readonly kind: 'killed' } & Death)
  | { readonly kind: 'drift'; readonly drift: Drift }
  | { readonly kind: 'store lost' };

interface Story {
  readonly first: Repository;
  readonly steps: readonly Step[];
}

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

/** What the worker says of it is heard by nobody. */
async function syncKilled(cluster: Cluster, death: Death, place: Place, repository: Repository): Promise<void> {
  const mortal = killedAt(cluster, death);
  await sync(mortal.cluster, place, repository).catch((error: unknown) => {
    if (!mortal.isDead()) throw error;
  });
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
