import { digestOf } from '../../domain/digest.ts';
import {
  type ImageUse,
  imageUses,
  type TargetImages,
  type UsedPolicy,
  type UsedWorkload,
} from '../../domain/release/target-images.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import type { Store } from '../ports.ts';
import { chunked } from './chunks.ts';

/**
 * Which targets use an image, and what they run (DESIGN §5.5). Three kinds of items: a head for each target, which says that the others are there;
 * what the target runs, in chunks; and for each image that it uses an entry in the image's partition, so that an event costs one query. A sync
 * writes them before it applies anything, the head last: what is lost, or was begun and not ended, is written by the next sync.
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

/** What a sync sets out to run. */
export interface IndexedTarget {
  readonly name: string;
  readonly source: Pick<Source, 'url' | 'branch'>;
  readonly namespace: string;
  readonly images: TargetImages;
}

const heads = 'images';
const pageSize = 1000;
/** More targets than use one image, and parts of what they use. */
const mostEntries = 10_000;

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

async function readHead(store: Store, target: string): Promise<IndexHead | undefined> {
  return (await store.get(heads, target))?.body as IndexHead | undefined;
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

function chunkName(digest: string, index: number): string {
  return `${digest}/${String(index).padStart(5, '0')}`;
}

function imagePartition(image: string): string {
  return `image/${image}`;
}

function runningPartition(target: string): string {
  return `images-of/${target}`;
}
