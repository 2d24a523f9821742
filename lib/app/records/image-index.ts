import type { ImageUse, TargetImages, UsedPolicy, UsedWorkload } from '../../domain/release/target-images.ts';
import type { Store } from '../ports.ts';

/**
 * Which targets use an image, and what they run (DESIGN §5.5). Three kinds of items: a head for each target, which says that the others are there;
 * what the target runs, in chunks; and for each image that it uses an entry in the image's partition, so that an event costs one query. A sync
 * writes them before it applies anything, the head last: what is lost, or was begun and not ended, is written by the next sync (index-images.ts).
 */

/** A use of an image by a target, or a part of one that is long. */
export interface IndexEntry extends ImageUse {
  readonly target: string;
  readonly url: string;
  readonly branch: string;
}

export interface IndexHead {
  readonly target: string;
  /** Of all that is indexed. */
  readonly digest: string;
  /** Where objects of the target are that name no namespace. */
  readonly namespace: string;
  readonly chunks: number;
  /** Canonical names of its images. */
  readonly images: readonly string[];
  /** Something of it waits for new tags. */
  readonly automated: boolean;
}

/** The partition of the heads. */
export const heads = 'images';
const pageSize = 1000;
/** More targets than use one image, and parts of what they use. */
export const mostEntries = 10_000;

/** Who uses an image repository, by its canonical name. One query. */
export async function findUses(store: Store, image: string): Promise<readonly IndexEntry[]> {
  const items = await store.query(imagePartition(image), { limit: mostEntries });
  return items.map(({ body }) => body as IndexEntry);
}

/** Of every target that was indexed, by name. */
export async function readHeads(store: Store): Promise<ReadonlyMap<string, IndexHead>> {
  const found = new Map<string, IndexHead>();
  for (let after = ''; ; ) {
    const items = await store.query(heads, { limit: pageSize, ...(after !== '' && { after }) });
    for (const { sort, body } of items) found.set(sort, body as IndexHead);
    const last = items.at(-1);
    if (last === undefined || items.length < pageSize) return found;
    after = last.sort;
  }
}

export interface RunningImages {
  readonly namespace: string;
  readonly images: TargetImages;
}

/** What a target runs, as its last sync set out to; undefined if it is not indexed. */
export async function readRunning(store: Store, target: string): Promise<RunningImages | undefined> {
  const head = await readHead(store, target);
  if (head === undefined) return undefined;
  const items = await store.query(runningPartition(target), { prefix: `${head.digest}/`, limit: pageSize });
  // Another sync has replaced them since the head was read: once more.
  if (items.length < head.chunks)
    return (await readHead(store, target))?.digest === head.digest ? undefined : await readRunning(store, target);
  const all = items.flatMap(({ body }) => body as readonly (UsedWorkload | UsedPolicy)[]);
  return {
    namespace: head.namespace,
    images: {
      workloads: all.filter((one): one is UsedWorkload => 'containers' in one),
      policies: all.filter((one): one is UsedPolicy => 'choice' in one),
    },
  };
}

export async function readHead(store: Store, target: string): Promise<IndexHead | undefined> {
  return (await store.get(heads, target))?.body as IndexHead | undefined;
}

/** What a target runs is one item after the other, under the digest of all. */
export function chunkName(digest: string, index: number): string {
  return `${digest}/${String(index).padStart(5, '0')}`;
}

/** Of the entries of one image repository. */
export function imagePartition(image: string): string {
  return `image/${image}`;
}

/** Of the chunks of one target. */
export function runningPartition(target: string): string {
  return `images-of/${target}`;
}
