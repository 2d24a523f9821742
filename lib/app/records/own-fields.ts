import { sha256Hex } from '../../domain/digest.ts';
import type { Store } from '../ports.ts';

/**
 * What our entry in `managedFields` was after our last apply, by object: a cache that says whether somebody took a field since
 * (APPLY §2). Without it an object is applied once more. 16 chunks, so that a change rewrites what it touches.
 */
export interface OwnFields {
  get(uid: string, digest: string): string | undefined;
  set(uid: string, digest: string, fields: string): void;
  /** Writes what changed; objects of which neither `get` nor `set` was asked are forgotten. */
  save(): Promise<void>;
}

type Chunk = Readonly<Record<string, string>>;

export async function loadOwnFields(store: Store, target: string): Promise<OwnFields> {
  const partition = `fields#${target}`;
  const items = await store.query(partition, { limit: 16 });
  const before = new Map(items.map((item) => [item.sort, item.body as Chunk]));
  const after = new Map<string, Record<string, string>>();

  function remember(uid: string, value: string): void {
    const sort = sha256Hex(uid).slice(0, 1);
    const chunk = after.get(sort) ?? {};
    chunk[uid] = value;
    after.set(sort, chunk);
  }

  return {
    get(uid, digest) {
      const known = before.get(sha256Hex(uid).slice(0, 1))?.[uid];
      if (known === undefined) return undefined;
      remember(uid, known);
      return known.startsWith(digest.slice(0, 16)) ? known.slice(16) : undefined;
    },
    set(uid, digest, fields) {
      remember(uid, digest.slice(0, 16) + fields);
    },
    async save() {
      const changed = [...after].filter(([sort, chunk]) => !sameChunk(chunk, before.get(sort)));
      const emptied = [...before.keys()].filter((sort) => !after.has(sort));
      await Promise.all([
        ...changed.map(([sort, body]) => store.put({ partition, sort, order: 0, body })),
        ...emptied.map((sort) => store.delete(partition, sort)),
      ]);
    },
  };
}

function sameChunk(a: Chunk, b: Chunk | undefined): boolean {
  const keys = Object.keys(a);
  return b !== undefined && keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
