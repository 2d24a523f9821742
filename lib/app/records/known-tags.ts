import { sha256Hex } from '../../domain/digest.ts';
import type { Store } from '../ports.ts';

/** What was read of the tags of an image repository, so that a sweep reads those that are new and no other. */
export interface KnownTags {
  readonly tags: readonly string[];
  get(tag: string): KnownTag | undefined;
  set(tag: string, known: KnownTag): void;
  forget(tag: string): void;
  /** Writes what changed. */
  save(): Promise<void>;
}

export interface KnownTag {
  /** When its image was made, epoch milliseconds; absent where that is not known. */
  readonly created?: number;
  /** There is nothing under it for the platform. */
  readonly excluded?: true;
}

/** By tag: the created time, 0 for an unknown one, -1 for an excluded image. 200,000 tags are 16 items of 190 KB. */
type Shard = Readonly<Record<string, number>>;

const shards = 16;
const keptSeconds = 90 * 86_400;

export async function loadKnownTags(store: Store, image: string, now: () => number): Promise<KnownTags> {
  const partition = `image-tags/${image}`;
  const items = await store.query(partition, { limit: shards });
  const known = new Map(items.flatMap(({ body }) => Object.entries(body as Shard)));
  const changed = new Set<string>();

  function touch(tag: string): void {
    changed.add(shardOf(tag));
  }
  return {
    get tags() {
      return [...known.keys()];
    },
    get(tag) {
      const number = known.get(tag);
      if (number === undefined) return undefined;
      return number < 0 ? { excluded: true } : number === 0 ? {} : { created: number };
    },
    set(tag, { created = 0, excluded }) {
      const number = excluded ? -1 : created;
      if (known.get(tag) === number) return;
      known.set(tag, number);
      touch(tag);
    },
    forget(tag) {
      if (known.delete(tag)) touch(tag);
    },
    async save() {
      const entries = Map.groupBy(known, ([tag]) => shardOf(tag));
      const expiresAt = Math.floor(now() / 1000) + keptSeconds;
      await Promise.all(
        [...changed].map((sort) => {
          const body: Shard = Object.fromEntries(entries.get(sort) ?? []);
          return store.put({ partition, sort, order: 0, body, expiresAt });
        }),
      );
      changed.clear();
    },
  };
}

function shardOf(tag: string): string {
  return sha256Hex(tag).slice(0, 1);
}
