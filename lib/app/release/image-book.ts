import { asFailure, Failure } from '../../domain/failure.ts';
import type { ImageInfo, RepositoryImages } from '../../domain/images/image-info.ts';
import { canonicalName, type ImageRef, parseImageRef } from '../../domain/images/image-ref.ts';
import type { TagFilter } from '../../domain/images/tag-filter.ts';
import { forEachInFlight } from '../in-flight.ts';
import type { Clock, Store } from '../ports.ts';
import { type KnownTags, loadKnownTags } from '../records/known-tags.ts';
import type { Registry } from '../release-ports.ts';

export interface BookPorts {
  readonly registry: Registry;
  readonly store: Store;
  readonly clock: Clock;
}

/** What is to be known of an image repository. */
export interface ImageQuestion {
  /** Canonical name. */
  readonly image: string;
  /** Tags that were pushed; absent: every tag is listed. Those that go by version are only read if they are chosen. */
  readonly tags?: readonly string[];
  /** Those that choose among its tags: only where one goes by time an image has to be read for when it was made. */
  readonly filters: readonly TagFilter[];
  /** Tags that are in use: the registry may not list them to us, and they are compared with. */
  readonly current: readonly string[];
}

/** What registries told in one release. */
export interface ImageBook {
  /** By canonical name, as far as it was asked for. */
  readonly images: ReadonlyMap<string, RepositoryImages>;
  /** Why a repository could not be asked, by its name. */
  readonly failures: ReadonlyMap<string, Failure>;
  /** What was found otherwise than it was told: for the run. */
  readonly warnings: ReadonlySet<string>;
  /** Never throws but for a run that is stopped: what cannot be asked is in `failures`. */
  ask(question: ImageQuestion): Promise<void>;
  /**
   * Reads the images that are about to be written, unless that was done: only what the registry has now, for the platform, gets into git, with the
   * digest that it has now. False if the book changed: then choose anew. Throws a Failure if the registry cannot be asked.
   */
  confirm(images: Iterable<ImageRef>): Promise<boolean>;
}

/** Images of one repository that are read at once; the budget of the host is shared by all (adapters/registry/budget.ts). */
const readsAtOnce = 8;
/** After so many new tags what was read is kept, whatever comes then. */
const saveEvery = 200;

interface Page {
  readonly known: KnownTags;
  readonly tags: Set<string>;
  readonly images: Map<string, ImageInfo>;
  /** Read in this release. */
  readonly read: Set<string>;
}

export function createImageBook({ registry, store, clock }: BookPorts, signal: AbortSignal): ImageBook {
  const pages = new Map<string, Page>();
  const failures = new Map<string, Failure>();
  const warnings = new Set<string>();

  async function pageOf(image: string): Promise<Page> {
    const page = pages.get(image) ?? {
      known: await loadKnownTags(store, image, clock),
      tags: new Set(),
      images: new Map(),
      read: new Set(),
    };
    pages.set(image, page);
    return page;
  }

  /** Reads what is under a tag, and says whether there is something. */
  async function read(image: string, page: Page, tag: string): Promise<string | undefined> {
    const found = await registry.image(parseImageRef(image), tag, signal);
    page.read.add(tag);
    if (found !== undefined && !('excluded' in found)) {
      const { digest, created } = found;
      page.known.set(tag, { ...(created !== undefined && { created }) });
      page.tags.add(tag);
      page.images.set(tag, { tag, digest, ...(created !== undefined && { created }) });
      return undefined;
    }
    if (found === undefined) page.known.forget(tag);
    else page.known.set(tag, { excluded: true });
    page.tags.delete(tag);
    page.images.delete(tag);
    return found === undefined ? 'the registry has no such tag' : found.excluded;
  }

  /** Reads what is under a tag, and says so if it is nothing. */
  async function look(image: string, page: Page, tag: string): Promise<void> {
    const problem = await read(image, page, tag);
    if (problem !== undefined) warnings.add(`"${image}:${tag}" was not taken: ${problem}`);
  }

  async function readSome(image: string, page: Page, tags: readonly string[]): Promise<void> {
    try {
      for (let from = 0; from < tags.length; from += saveEvery) {
        await forEachInFlight(tags.slice(from, from + saveEvery), readsAtOnce, (tag) => look(image, page, tag));
        await page.known.save();
      }
    } finally {
      await page.known.save();
    }
  }

  /** Takes over what is known of tags that are there, or that are in use. */
  function fill(page: Page, tags: Iterable<string>): void {
    for (const tag of tags) {
      const known = page.known.get(tag);
      if (page.read.has(tag) || known?.excluded) continue;
      page.tags.add(tag);
      page.images.set(tag, { tag, ...(known?.created !== undefined && { created: known.created }) });
    }
  }

  async function answer({ image, tags, filters, current }: ImageQuestion): Promise<void> {
    const page = await pageOf(image);
    const byTime = filters.filter(({ order }) => order === 'created');
    const listed = tags ?? (await registry.tags(parseImageRef(image), signal));
    if (tags === undefined) {
      const there = new Set(listed);
      for (const tag of page.known.tags) if (!there.has(tag)) page.known.forget(tag);
    }
    // What was pushed may be another image than the one that was known by its tag.
    for (const tag of tags ?? []) page.known.forget(tag);
    const wanted = listed.filter((tag) => byTime.some((filter) => filter.takes(tag)));
    const needed = byTime.length === 0 ? [] : [...new Set([...wanted, ...current])];
    await readSome(
      image,
      page,
      needed.filter((tag) => page.known.get(tag) === undefined),
    );
    fill(page, [...listed, ...page.known.tags, ...current]);
  }

  return {
    get images() {
      return new Map([...pages].map(([name, { tags, images }]) => [name, { tags: [...tags], images }]));
    },
    failures,
    warnings,
    async ask(question) {
      try {
        await answer(question);
      } catch (error) {
        signal.throwIfAborted();
        failures.set(question.image, asFailure(error));
        pages.delete(question.image);
      }
    },
    async confirm(images) {
      const unread = new Map<string, readonly [page: Page, image: string, tag: string]>();
      for (const ref of images) {
        const image = canonicalName(ref);
        const { tag } = ref;
        const page = await pageOf(image);
        if (tag !== undefined && !page.read.has(tag)) unread.set(`${image}:${tag}`, [page, image, tag]);
      }
      await forEachInFlight([...unread.values()], readsAtOnce, async ([page, image, tag]) => {
        await look(image, page, tag);
        await page.known.save();
      });
      return unread.size === 0;
    },
  };
}

/** An image that somebody asked for by name, and that the registry does not have for the platform. Throws a `missing` Failure. */
export function requireImage({ images, warnings }: ImageBook, ref: ImageRef): void {
  const { tag = '' } = ref;
  if (images.get(canonicalName(ref))?.images.has(tag)) return;
  const why = [...warnings].find((warning) => warning.startsWith(`"${canonicalName(ref)}:${tag}" `));
  const state = why?.replace(/^.*was not taken: /, '') ?? 'the registry has no such image';
  throw new Failure('missing', `Cannot release "${canonicalName(ref)}:${tag}": ${state}`, {
    help: 'Look at the tags of the repository, and ask for one that is there',
  });
}
