import type { ImageInfo, RepositoryImages } from './image-info.ts';
import type { TagFilter } from './tag-filter.ts';
import { compareText, compareVersions, parseVersion, type Version } from './version.ts';

/** The images, newest first (facts/flux-v1.md §2.2). The order does not depend on that of the input. */
export function sortImages(images: readonly ImageInfo[], order: TagFilter['order']): readonly ImageInfo[] {
  if (order === 'created') return [...images].sort(byCreated);
  const versions = images.map((image) => ({ image, version: parseVersion(image.tag) }));
  return versions.sort(byVersion).map(({ image }) => image);
}

/** Unknown times last; of equal times the smaller text counts as newer. */
function byCreated(a: ImageInfo, b: ImageInfo): number {
  const [ours, theirs] = [a.created ?? -Infinity, b.created ?? -Infinity];
  if (ours !== theirs) return ours > theirs ? -1 : 1;
  return compareText(a.tag, b.tag);
}

interface Versioned {
  readonly image: ImageInfo;
  readonly version: Version | undefined;
}

/** No versions last, by text; of equal versions the larger text counts as newer: `1.10.0` before `1.10`. */
function byVersion(a: Versioned, b: Versioned): number {
  if (a.version === undefined || b.version === undefined) {
    if (a.version !== b.version) return a.version === undefined ? 1 : -1;
    return compareText(a.image.tag, b.image.tag);
  }
  return compareVersions(b.version, a.version) || compareText(b.image.tag, a.image.tag);
}

export function isNewer(a: ImageInfo, b: ImageInfo, order: TagFilter['order']): boolean {
  const versioned = (image: ImageInfo): Versioned => ({ image, version: parseVersion(image.tag) });
  return (order === 'created' ? byCreated(a, b) : byVersion(versioned(a), versioned(b))) < 0;
}

/** Images that pass the filter, newest first; or the first tag that passes and whose manifest is not known, which blocks the choice. */
export type FilteredImages = { readonly images: readonly ImageInfo[] } | { readonly unknown: string };

export function filterImages({ tags, images }: RepositoryImages, filter: TagFilter): FilteredImages {
  const taken: ImageInfo[] = [];
  for (const tag of tags) {
    if (!filter.takes(tag)) continue;
    const image = images.get(tag);
    if (image === undefined) return { unknown: tag };
    taken.push(image);
  }
  return { images: sortImages(taken, filter.order) };
}
