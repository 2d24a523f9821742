import type { GroupKind } from '../../domain/objects/kube-object.ts';
import type { Store } from '../ports.ts';

/** Kinds that a target's account may list in its namespaces alone: remembered, or every sync would ask in vain first (APPLY §6). */
export interface NarrowKinds {
  has(groupKind: GroupKind): boolean;
  add(groupKind: GroupKind): void;
  save(): Promise<void>;
}

/** The account may be given more rights. */
const keepSeconds = 24 * 3600;

export async function loadNarrowKinds(store: Store, target: string, now: () => number): Promise<NarrowKinds> {
  const key = { partition: `narrow#${target}`, sort: 'kinds' };
  const known = new Set((await store.get(key.partition, key.sort))?.body as readonly GroupKind[] | undefined);
  const before = known.size;
  return {
    has: (groupKind) => known.has(groupKind),
    add: (groupKind) => void known.add(groupKind),
    async save() {
      if (known.size === before) return;
      const expiresAt = Math.floor(now() / 1000) + keepSeconds;
      await store.put({ ...key, order: 0, body: [...known].sort(), expiresAt });
    },
  };
}
