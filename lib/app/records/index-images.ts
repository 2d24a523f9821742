import { digestOf } from '../../domain/digest.ts';
import {
  imageUses,
  type TargetImages,
  type UsedPolicy,
  type UsedWorkload,
} from '../../domain/release/target-images.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import type { Store } from '../ports.ts';
import { chunked } from './chunks.ts';
import {
  chunkName,
  heads,
  type IndexEntry,
  type IndexHead,
  imagePartition,
  mostEntries,
  readHead,
  runningPartition,
} from './image-index.ts';

/** What a sync sets out to run. */
export interface IndexedTarget {
  readonly name: string;
  readonly source: Pick<Source, 'url' | 'branch'>;
  readonly namespace: string;
  readonly images: TargetImages;
}

/** Writes what a target runs, if it is another than before or is not there. Returns whether it was written. */
export async function indexImages(store: Store, target: IndexedTarget): Promise<boolean> {
  const { name, source, namespace, images } = target;
  const { url, branch } = source;
  const digest = digestOf({ url, branch, namespace, images });
  const before = await readHead(store, name);
  if (before?.digest === digest) return false;
  const uses = imageUses(images);
  const chunks = chunked<UsedWorkload | UsedPolicy>([...images.workloads, ...images.policies]);
  await forEachInFlight([...chunks.entries()], requestsInFlight, async ([index, body]) => {
    await store.put({ partition: runningPartition(name), sort: chunkName(digest, index), order: index, body });
  });
  await forEachInFlight([...uses], requestsInFlight, async ([image, { workloads, filters, chosen }]) => {
    const parts = workloads.length === 0 ? [[]] : chunked(workloads);
    for (const [index, part] of parts.entries()) {
      const body: IndexEntry = { target: name, url, branch, workloads: part, filters, chosen };
      await store.put({ partition: imagePartition(image), sort: `${name}/${index}`, order: index, body });
    }
    await removeEntries(store, image, name, parts.length);
  });
  const head: IndexHead = {
    target: name,
    digest,
    namespace,
    chunks: chunks.length,
    images: [...uses.keys()].sort(),
    automated: [...uses.values()].some(({ filters, chosen }) => filters.length > 0 || chosen),
  };
  await store.put({ partition: heads, sort: name, order: 0, body: head });
  if (before !== undefined) await removeOld(store, before, head);
  return true;
}

/** The target is no more. */
export async function forgetImages(store: Store, target: string): Promise<void> {
  const head = await readHead(store, target);
  if (head === undefined) return;
  await removeOld(store, head, undefined);
  await store.delete(heads, target);
}

/** Chunks of another digest, and entries of images that are used no more. */
async function removeOld(store: Store, before: IndexHead, now: IndexHead | undefined): Promise<void> {
  const { target } = before;
  const used = new Set(now?.images);
  const gone = before.images.filter((image) => !used.has(image));
  await forEachInFlight(gone, requestsInFlight, (image) => removeEntries(store, image, target, 0));
  const indexes = Array.from({ length: before.chunks }, (_, index) => index);
  await forEachInFlight(indexes, requestsInFlight, async (index) => {
    await store.delete(runningPartition(target), chunkName(before.digest, index));
  });
}

/** Parts of an entry from the `first` on. */
async function removeEntries(store: Store, image: string, target: string, first: number): Promise<void> {
  const items = await store.query(imagePartition(image), { prefix: `${target}/`, limit: mostEntries });
  for (const { sort, order } of items) if (order >= first) await store.delete(imagePartition(image), sort);
}
